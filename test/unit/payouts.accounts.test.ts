import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAccountCipher, nameMatchScore } from '../../src/modules/payouts/index.js';

const place = { tenantId: 'market', userId: 'ada', accountId: 'one' };
const keyOf = (id: string) => ({ id, key: randomBytes(32) });

describe('an encrypted account number', () => {
  it('is read again by its key, and twice the same number never looks the same', () => {
    const cipher = createAccountCipher([keyOf('a')]);
    const [one, other] = [cipher.seal('0123456789', place), cipher.seal('0123456789', place)];
    expect(cipher.open(one, place)).toBe('0123456789');
    expect(Buffer.from(one.sealed).equals(Buffer.from(other.sealed))).toBe(false);
    expect(Buffer.from(one.sealed).includes('0123456789')).toBe(false);
  });

  it('is not read for somebody else, in another row, by another key, or when a bit was changed', () => {
    const cipher = createAccountCipher([keyOf('a')]);
    const number = cipher.seal('0123456789', place);
    for (const other of [{ tenantId: 'x' }, { userId: 'x' }, { accountId: 'x' }])
      expect(() => cipher.open(number, { ...place, ...other })).toThrow(/unable to authenticate/);
    expect(() => createAccountCipher([keyOf('a')]).open(number, place)).toThrow(/unable to authenticate/);
    expect(() => createAccountCipher([keyOf('b')]).open(number, place)).toThrow(/key a, which is not set/);
    for (let index = 0; index < number.sealed.length; index += 1) {
      const sealed = Uint8Array.from(number.sealed);
      sealed[index]! ^= 1;
      expect(() => cipher.open({ ...number, sealed }, place), `byte ${index}`).toThrow(/unable to authenticate/);
    }
  });

  it('outlives a change of keys: the new one encrypts, the old one still reads and still recognises', () => {
    const old = keyOf('old');
    const before = createAccountCipher([old]);
    const number = before.seal('0123456789', place);
    const after = createAccountCipher([keyOf('new'), old]);
    expect(after.open(number, place)).toBe('0123456789');
    expect(after.seal('0123456789', place).keyId).toBe('new');
    const [known] = before.hashesOf('bank', '0123456789');
    expect(after.hashesOf('bank', '0123456789').map(hex)).toContain(hex(known));
  });

  it('is recognised only by those who have the key, and not at another bank', () => {
    const cipher = createAccountCipher([keyOf('a')]);
    const [hash] = cipher.hashesOf('bank', '0123456789');
    expect(hex(cipher.hashesOf('bank', '0123456789')[0])).toBe(hex(hash));
    expect(hex(cipher.hashesOf('another', '0123456789')[0])).not.toBe(hex(hash));
    expect(hex(cipher.hashesOf('bank', '0123456780')[0])).not.toBe(hex(hash));
    expect(hex(createAccountCipher([keyOf('a')]).hashesOf('bank', '0123456789')[0])).not.toBe(hex(hash));
  });

  it('needs keys of 32 bytes', () => {
    expect(() => createAccountCipher([{ id: 'short', key: randomBytes(16) }])).toThrow(/32 bytes/);
    expect(() => createAccountCipher([])).toThrow(/at least one key/);
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('the match of two names', () => {
  it.each([
    ['Bola Adéyemi', 'ADEYEMI, BOLA K.', 100],
    ['Bola Adeyemi', 'Bola Okafor', 50],
    ['Bola', 'BOLA ADEYEMI', 100],
    ["O'Neil Ada", 'ONEIL ADA', 100],
    ['Ada Obi', 'Chidi Eze', 0],
    ['Ada Ngozi Obi', 'Ada Ngozi Eze', 67],
    ['', 'Ada Obi', 0],
    ['A', 'A', 0],
  ])('of "%s" and "%s" is %i percent, whichever comes first', (one, other, score) => {
    expect([nameMatchScore(one, other), nameMatchScore(other, one)]).toEqual([score, score]);
  });
});
