import type { Redis } from 'ioredis';
import { CacheUnavailable, EntryRefused } from '../store.js';

/** The commands entries need, each about one key, so that they go to whichever server has its slot. */
export type EntryCommands = Pick<Redis, 'strlen' | 'pttl' | 'unlink'>;

/** The servers that keep entries: the one that has the control keys, or all of a cluster. */
export interface EntryServers {
  /** Texts under these keys; null where there is none. @throws CacheUnavailable when they stand with the control keys and cannot be read */
  mget(keys: readonly string[]): Promise<readonly (string | null)[]>;
  /** @throws EntryRefused when it is not kept, CacheUnavailable when the whole store is in trouble */
  set(key: string, text: string, ttlMs: number): Promise<void>;
  readonly commands: EntryCommands;
  primaries(): readonly Redis[];
  /** Awaits a reply about entries. @throws EntryRefused, CacheUnavailable as `set` */
  bounded<T>(reply: Promise<T>): Promise<T>;
  /** Resolves when entries can be kept, or the first attempt at it has taken too long. Never rejects. */
  connect(): Promise<void>;
  close(): void;
}

/** Everything on one server: entries share the control connection, and its fate. */
export function createOneServer(redis: Redis, bounded: <T>(reply: Promise<T>) => Promise<T>): EntryServers {
  return {
    mget: (keys) => bounded(redis.mget([...keys])),
    /** A server that is well and says no (out of memory) refuses this entry only; silence or a lost connection is more. */
    async set(key, text, ttlMs) {
      try {
        await bounded(redis.set(key, text, 'PX', Math.ceil(ttlMs)));
      } catch (error) {
        const cause = error instanceof CacheUnavailable ? error.cause : error;
        if (cause instanceof Error && cause.name === 'ReplyError') throw new EntryRefused(cause.message, { cause });
        throw error;
      }
    },
    commands: redis,
    primaries: () => [redis],
    bounded,
    connect: async () => {},
    close() {},
  };
}
