import type { Position } from '../../cache/index.js';
import { AppError } from '../../kernel/index.js';

/** Carries a floor token: in the answer to a mutation, and in the later requests of a client that wants to read its own writes. */
export const floorHeader = 'x-runam-cache-floor';

/** Where nothing is known of the store. No store has such a generation, so who presents it is answered from the database. */
const unknown: Position = { generation: '', seq: 0 };
const form = /^f1\.([\w-]{1,400})$/;
const content = /^(\d{1,16}):([\x21-\x7e]{0,200})$/;

/** Version, a dot, and seq and generation in base64url. Opaque to clients. */
export function floorToken(position: Position = unknown): string {
  return `f1.${Buffer.from(`${position.seq}:${position.generation}`).toString('base64url')}`;
}

/** @throws AppError BAD_INPUT */
export function parseFloor(token: string): Position {
  const [, packed = ''] = form.exec(token) ?? [];
  const [, seq, generation] = content.exec(Buffer.from(packed, 'base64url').toString()) ?? [];
  if (generation === undefined || !Number.isSafeInteger(Number(seq))) {
    throw new AppError(
      'BAD_INPUT',
      `The header ${floorHeader} takes what a mutation answered in extensions.cache.floor, unchanged.`,
    );
  }
  return { generation, seq: Number(seq) };
}
