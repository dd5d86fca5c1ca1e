import type { Redis } from 'ioredis';
import type { EntryInfo } from '../store.js';
import type { EntryCommands, EntryServers } from './redis-servers.js';

/** Keys a server looks at in one step of a scan. Bounds how long others wait for it. */
const scanStep = 1000;
/** Keys asked about at a time. */
const sliceMax = 500;

/** Entries by name, as operators ask for them: never a command that stops the server for longer than one step. */
export interface RedisEntries {
  scan(pattern: string, limit: number): Promise<readonly string[]>;
  unlink(entryKeys: readonly string[]): Promise<number>;
  inspect(entryKeys: readonly string[]): Promise<readonly EntryInfo[]>;
}

/** @param isControl keys that are no entries: they are never listed, and naming one is an error */
export function createRedisEntries(servers: EntryServers, isControl: (key: string) => boolean): RedisEntries {
  const { bounded, commands } = servers;
  return {
    async scan(pattern, limit) {
      const found = new Set<string>();
      for (const server of servers.primaries()) {
        for await (const keys of stepsOf(server, pattern, bounded)) {
          for (const key of keys) if (found.size < limit && !isControl(key)) found.add(key);
          if (found.size >= limit) return [...found];
        }
      }
      return [...found];
    },
    async unlink(entryKeys) {
      refuseControl(entryKeys, isControl);
      const removed = await inSlices(entryKeys, (key) => commands.unlink(key), bounded);
      return removed.reduce((sum, count) => sum + count, 0);
    },
    async inspect(entryKeys) {
      refuseControl(entryKeys, isControl);
      const infos = await inSlices(entryKeys, (key) => infoOf(commands, key), bounded);
      return infos.flatMap((info) => info ?? []);
    },
  };
}

async function* stepsOf(server: Redis, pattern: string, bounded: EntryServers['bounded']) {
  let cursor = '0';
  do {
    const [next, keys] = await bounded(server.scan(cursor, 'MATCH', pattern, 'COUNT', scanStep));
    yield keys;
    cursor = next;
  } while (cursor !== '0');
}

async function infoOf(redis: EntryCommands, key: string): Promise<EntryInfo | undefined> {
  const [length, ttlMs] = await Promise.all([redis.strlen(key), redis.pttl(key)]);
  if (ttlMs === -2) return undefined;
  return { key, ttlMs: ttlMs < 0 ? Number.POSITIVE_INFINITY : ttlMs, bytes: Buffer.byteLength(key) + length };
}

/** Removing control keys would bring old entries back. */
function refuseControl(keys: readonly string[], isControl: (key: string) => boolean): void {
  const control = keys.find(isControl);
  if (control !== undefined) throw new RangeError(`"${control}" is a control key of the cache; entries only`);
}

/** One command a key, so that each goes to its server; many at a time, but not all. */
async function inSlices<T>(
  keys: readonly string[],
  command: (key: string) => Promise<T>,
  bounded: EntryServers['bounded'],
): Promise<readonly T[]> {
  const done: T[] = [];
  for (let start = 0; start < keys.length; start += sliceMax) {
    done.push(...(await bounded(Promise.all(keys.slice(start, start + sliceMax).map(command)))));
  }
  return done;
}
