import type { Redis } from 'ioredis';
import type { EntryInfo } from '../store.js';
import type { RedisLink } from './redis-link.js';

/** Keys a server looks at in one step of a scan. Bounds how long others wait for it. */
const scanStep = 1000;
/** Keys named in one command. */
const sliceMax = 500;

/** Entries by name, as operators ask for them: never a command that stops the server for longer than one step. */
export interface RedisEntries {
  scan(pattern: string, limit: number): Promise<readonly string[]>;
  unlink(entryKeys: readonly string[]): Promise<number>;
  inspect(entryKeys: readonly string[]): Promise<readonly EntryInfo[]>;
}

/** @param isControl keys that are no entries: they are never listed, and naming one is an error */
export function createRedisEntries(
  { redis, bounded }: Pick<RedisLink, 'redis' | 'bounded'>,
  isControl: (key: string) => boolean,
): RedisEntries {
  return {
    async scan(pattern, limit) {
      const found = new Set<string>();
      let cursor = '0';
      do {
        const [next, keys] = await bounded(redis.scan(cursor, 'MATCH', pattern, 'COUNT', scanStep));
        for (const key of keys) if (found.size < limit && !isControl(key)) found.add(key);
        cursor = next;
      } while (cursor !== '0' && found.size < limit);
      return [...found];
    },
    async unlink(entryKeys) {
      refuseControl(entryKeys, isControl);
      let removed = 0;
      for (const slice of slicesOf(entryKeys)) removed += await bounded(redis.unlink(...slice));
      return removed;
    },
    async inspect(entryKeys) {
      refuseControl(entryKeys, isControl);
      const found: EntryInfo[] = [];
      for (const slice of slicesOf(entryKeys)) {
        const infos = await bounded(Promise.all(slice.map((key) => infoOf(redis, key))));
        found.push(...infos.flatMap((info) => info ?? []));
      }
      return found;
    },
  };
}

async function infoOf(redis: Redis, key: string): Promise<EntryInfo | undefined> {
  const [length, ttlMs] = await Promise.all([redis.strlen(key), redis.pttl(key)]);
  if (ttlMs === -2) return undefined;
  return { key, ttlMs: ttlMs < 0 ? Number.POSITIVE_INFINITY : ttlMs, bytes: Buffer.byteLength(key) + length };
}

/** Removing control keys would bring old entries back. */
function refuseControl(keys: readonly string[], isControl: (key: string) => boolean): void {
  const control = keys.find(isControl);
  if (control !== undefined) throw new RangeError(`"${control}" is a control key of the cache; entries only`);
}

function slicesOf(keys: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(keys.length / sliceMax);
  return Array.from({ length: count }, (_, index) => keys.slice(index * sliceMax, (index + 1) * sliceMax));
}
