import type { Cache, Position } from '../../cache/index.js';
import { AppError } from '../../kernel/index.js';

export const floorHeader = 'x-runam-cache-floor';

/** Makes the tokens by which clients never read anything older than their own writes, from any server. */
export interface Floors {
  /** To be called before a request writes anything. */
  mark(): FloorMark;
  /** The token that covers every write of this process that was answered for since `mark`. */
  since(mark: FloorMark): string;
}

/** How many writes could not be told to the store by some moment. */
export type FloorMark = number;

/**
 * The position of this process after a write is at or above the bump of that write, because the answer waits for the bump.
 * When a bump failed meanwhile, whoever's it was, no position is known to cover the write: then the token names a generation
 * that no store has, and those who present it are answered from the database.
 */
export function createFloors(cache: Pick<Cache, 'on' | 'position'>): Floors {
  let untold = 0;
  cache.on((event) => {
    if (event.kind === 'bump-failed') untold += 1;
  });
  return {
    mark: () => untold,
    since: (mark) => floorToken((untold === mark && cache.position()) || aboveAll),
  };
}

const aboveAll: Position = { generation: '-', seq: 0 };
const form = /^f1\.([\w-]{1,400})$/;
const content = /^(\d{1,16}):([\x21-\x7e]{1,200})$/;

/** Version, a dot, and seq and generation in base64url. Opaque to clients. */
export function floorToken({ generation, seq }: Position): string {
  return `f1.${Buffer.from(`${seq}:${generation}`).toString('base64url')}`;
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
