import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** Turns passwords into what may be kept of them. Both calls take the work of one hash, on a thread of their own. */
export interface Passwords {
  /** A PHC string, `$argon2id$v=19$m=19456,t=2,p=1$…`, with a salt of its own. */
  hash(password: string): Promise<string>;
  /** Without a kept hash (nobody has that name) it does the same work and answers false, so that the time tells nothing. */
  verify(kept: string | undefined, password: string): Promise<boolean>;
}

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB of memory, 2 passes, 1 lane. */
const memoryCostKib = 19_456;
const passes = 2;
const lanes = 1;
const saltBytes = 16;
const hashBytes = 32;

/** Argon2id (RFC 9106) over the NFKC form of the password: the same letters typed on another keyboard are the same password. */
export function createPasswords(): Passwords {
  const decoy = decoyHash();
  const options = { memoryCost: memoryCostKib, timeCost: passes, parallelism: lanes, outputLen: hashBytes };
  return {
    hash: (password) => hash(password.normalize('NFKC'), options),
    async verify(kept, password) {
      const matches = await verify(kept ?? decoy, password.normalize('NFKC'));
      return kept !== undefined && matches;
    },
  };
}

/** A hash of no password: its digest is random, so it costs nothing to make and nothing can match it. */
function decoyHash(): string {
  const parameters = `m=${memoryCostKib},t=${passes},p=${lanes}`;
  return `$argon2id$v=19$${parameters}$${unpadded(saltBytes)}$${unpadded(hashBytes)}`;
}

function unpadded(bytes: number): string {
  return randomBytes(bytes).toString('base64').replaceAll('=', '');
}
