import { createHash, randomFillSync } from 'node:crypto';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** A version 7 UUID (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then 74 random bits; sorts by time of birth. */
export function uuidv7(nowMs: number = Date.now()): string {
  const bytes = randomBytes16();
  bytes.writeUIntBE(nowMs, 0, 6);
  return format(bytes, 7);
}

/** A UUID that is a pure function of `name` (RFC 9562, section 5.8, SHA-256), for rows whose identity is their content. */
export function uuidOf(name: string): string {
  return format(createHash('sha256').update(name).digest().subarray(0, 16), 8);
}

const pool = Buffer.alloc(4096);
let poolUsed = pool.length;

/** Drawn in bulk: asking the system for sixteen bytes at a time costs more than all else an id takes. */
function randomBytes16(): Buffer {
  if (poolUsed === pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  poolUsed += 16;
  return Buffer.from(pool.subarray(poolUsed - 16, poolUsed));
}

function format(bytes: Buffer, version: 7 | 8): string {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
