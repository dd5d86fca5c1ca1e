import { createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { uuidv7, type Clock } from '../../src/kernel/index.js';
import { createPasswords, createTokens } from '../../src/modules/users/index.js';

const secret = 'a secret of thirty-two bytes or more';
const identity = { userId: uuidv7(), tenantId: uuidv7(), sessionId: uuidv7() };
const at = (iso: string): Clock => ({ now: () => new Date(iso) });
const nine = at('2026-03-01T09:00:00Z');

describe('passwords', () => {
  const passwords = createPasswords();

  it('are kept as argon2id with the OWASP parameters and a salt of their own', async () => {
    const [one, two] = await Promise.all([passwords.hash('runam-demo'), passwords.hash('runam-demo')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(two).not.toBe(one);
  });

  it('match their own hash only', async () => {
    const kept = await passwords.hash('runam-demo');
    expect(await passwords.verify(kept, 'runam-demo')).toBe(true);
    expect(await passwords.verify(kept, 'runam-Demo')).toBe(false);
    expect(await passwords.verify(kept, '')).toBe(false);
  });

  it('are the same password in composed and decomposed Unicode', async () => {
    const kept = await passwords.hash('\u00e9lan vital!');
    expect(await passwords.verify(kept, 'e\u0301lan vital!')).toBe(true);
  });

  it('take the work of a hash for a name nobody has, and never match', async () => {
    const kept = await passwords.hash('runam-demo');
    // In turns, and the fastest of each: what else the machine does only makes them slower.
    const [known, unknown] = await fastestMs(
      () => passwords.verify(kept, 'wrong-password'),
      () => passwords.verify(undefined, 'wrong-password'),
    );
    expect(unknown).toBeGreaterThan(known / 4);
    expect(await passwords.verify(undefined, 'runam-demo')).toBe(false);
  });

  it('report a kept hash that is none, instead of calling the password wrong', async () => {
    await expect(passwords.verify('not a hash', 'runam-demo')).rejects.toThrow('Decoding failed');
  });
});

describe('access tokens', () => {
  const tokens = createTokens({ secret, accessTtlSeconds: 900, clock: nine });

  it('say who, where and which session, for as long as they last', async () => {
    const token = await tokens.issueAccess(identity);
    expect(await tokens.verifyAccess(token)).toEqual(identity);
    expect(claimsOf(token)).toEqual({
      sub: identity.userId,
      tid: identity.tenantId,
      sid: identity.sessionId,
      iss: 'runam',
      aud: 'runam-api',
      iat: 1_772_355_600,
      exp: 1_772_356_500,
    });
  });

  it('hold until the second they expire and then say so', async () => {
    const token = await tokens.issueAccess(identity);
    const before = createTokens({ secret, accessTtlSeconds: 900, clock: at('2026-03-01T09:14:59Z') });
    const after = createTokens({ secret, accessTtlSeconds: 900, clock: at('2026-03-01T09:15:00Z') });
    expect(await before.verifyAccess(token)).toEqual(identity);
    await expect(after.verifyAccess(token)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('expired'),
    });
  });

  it('are refused when anything about them is not ours', async () => {
    const token = await tokens.issueAccess(identity);
    const [header, payload, signature] = token.split('.');
    const stranger = createTokens({ secret: `${secret} of a stranger`, accessTtlSeconds: 900, clock: nine });
    const forged = [
      '',
      'nonsense',
      `${header}.${payload}.`,
      `${header}.${base64url({ ...claimsOf(token), sub: uuidv7() })}.${signature}`,
      `${base64url({ alg: 'none' })}.${payload}.`,
      await stranger.issueAccess(identity),
      await signed({ aud: 'another-api' }),
      await signed({ iss: 'somebody' }),
      handSigned('HS512', payload ?? ''),
      await signed({ exp: undefined }),
    ];
    for (const each of forged) {
      await expect(tokens.verifyAccess(each)).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
        message: expect.stringContaining('not valid'),
      });
    }
  });

  it('are accepted in the shape the forgeries above start from', async () => {
    expect(await tokens.verifyAccess(await signed({}))).toEqual(identity);
  });

  it('need a secret as long as the hash', () => {
    expect(() => createTokens({ secret: 'short', accessTtlSeconds: 900, clock: nine })).toThrow('32 bytes');
  });
});

describe('refresh tokens', () => {
  const tokens = createTokens({ secret, accessTtlSeconds: 900, clock: nine });

  it('are 32 random bytes, of which only the SHA-256 is for keeping', () => {
    const { token, hash } = tokens.newRefresh();
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(hash).toHaveLength(32);
    expect(tokens.hashRefresh(token)).toEqual(hash);
    expect(tokens.newRefresh().token).not.toBe(token);
  });

  it('that cannot be one are refused before the database is asked', () => {
    for (const text of ['', 'short', 'x'.repeat(44), `${'x'.repeat(42)}=`]) {
      expect(() => tokens.hashRefresh(text)).toThrow('not a refresh token');
    }
  });
});

async function fastestMs(
  ...works: readonly [() => Promise<unknown>, () => Promise<unknown>]
): Promise<[number, number]> {
  const fastest: [number, number] = [Infinity, Infinity];
  for (let round = 0; round < 15; round += 1) {
    for (const [index, work] of works.entries()) {
      const start = performance.now();
      await work();
      fastest[index] = Math.min(fastest[index]!, performance.now() - start);
    }
  }
  return fastest;
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A token like ours but for `changes`, signed with our secret. */
function signed(changes: Record<string, unknown>): Promise<string> {
  const { userId, tenantId, sessionId } = identity;
  const ours = {
    sub: userId,
    tid: tenantId,
    sid: sessionId,
    iss: 'runam',
    aud: 'runam-api',
    iat: 1_772_355_600,
    exp: 1_772_356_500,
  };
  return new SignJWT({ ...ours, ...changes }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret));
}

function handSigned(algorithm: 'HS512', payload: string): string {
  const head = `${base64url({ alg: algorithm })}.${payload}`;
  return `${head}.${createHmac('sha512', secret).update(head).digest('base64url')}`;
}
