import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { invariant } from '../../kernel/index.js';

/** A key that account numbers are encrypted with, 32 bytes, and the name it is known by. */
export interface PayoutKey {
  readonly id: string;
  readonly key: Buffer;
}

/** Whose number it is: encrypted numbers and their rows cannot be exchanged with those of others. */
export interface NumberPlace {
  readonly tenantId: string;
  readonly userId: string;
  readonly accountId: string;
}

export interface SealedNumber {
  readonly keyId: string;
  /** A nonce of 12 bytes, the ciphertext, a tag of 16. */
  readonly sealed: Uint8Array<ArrayBuffer>;
}

/** Account numbers at rest. */
export interface AccountCipher {
  /** With the newest key and a nonce of its own. */
  seal(accountNumber: string, place: NumberPlace): SealedNumber;
  /** @throws Error when its key is not among the keys, or when number or place were tampered with */
  open(number: SealedNumber, place: NumberPlace): string;
  /**
   * Keyed hashes of a bank's account number, one for each key, the newest first: the same account is recognised without
   * decrypting any, also when it was added under an older key.
   */
  hashesOf(bankId: string, accountNumber: string): readonly [Uint8Array<ArrayBuffer>, ...Uint8Array<ArrayBuffer>[]];
}

const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

/**
 * AES-256-GCM (NIST SP 800-38D) and HMAC-SHA-256, each under a key of its own that HKDF (RFC 5869) derives.
 * @param keys newest first; the others are for numbers that were encrypted earlier
 */
export function createAccountCipher(keys: readonly PayoutKey[]): AccountCipher {
  const derived = keys.map(({ id, key }) => ({ id, encryption: derive(key, 'encryption'), hash: derive(key, 'hash') }));
  const [newest, ...older] = derived;
  invariant(newest, 'account numbers are encrypted with at least one key');
  const hashWith = ({ hash }: { readonly hash: Buffer }, text: string) =>
    Uint8Array.from(createHmac('sha256', hash).update(text).digest());
  return {
    seal(accountNumber, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', newest.encryption, nonce, { authTagLength: tagBytes });
      cipher.setAAD(aadOf(place));
      const text = Buffer.concat([cipher.update(accountNumber, 'utf8'), cipher.final()]);
      return { keyId: newest.id, sealed: Uint8Array.from(Buffer.concat([nonce, text, cipher.getAuthTag()])) };
    },
    open({ keyId, sealed }, place) {
      const key = derived.find(({ id }) => id === keyId);
      if (!key) throw new Error(`account ${place.accountId} is encrypted with the key ${keyId}, which is not set`);
      const bytes = Buffer.from(sealed);
      const nonce = bytes.subarray(0, nonceBytes);
      const decipher = createDecipheriv('aes-256-gcm', key.encryption, nonce, { authTagLength: tagBytes });
      decipher.setAAD(aadOf(place));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString('utf8');
    },
    hashesOf: (bankId, accountNumber) => {
      const text = JSON.stringify([bankId, accountNumber]);
      return [hashWith(newest, text), ...older.map((key) => hashWith(key, text))];
    },
  };
}

function derive(key: Buffer, purpose: string): Buffer {
  invariant(key.length === keyBytes, `a key of account numbers has ${keyBytes} bytes`);
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `runam payout account ${purpose}`, keyBytes));
}

function aadOf({ tenantId, userId, accountId }: NumberPlace): Buffer {
  return Buffer.from(JSON.stringify([tenantId, userId, accountId]));
}
