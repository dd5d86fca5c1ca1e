import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { CacheUnavailable } from '../store.js';
import type { StoreLink } from '../store.js';

export interface RedisLinkOptions {
  readonly url: string;
  readonly commandTimeoutMs: number;
  readonly reconnectMsMax: number;
}

/** One connection whose every command answers or fails within the time limit. */
export interface RedisLink {
  readonly redis: Redis;
  connect(link: StoreLink): void;
  /** @throws CacheUnavailable when the reply is an error, is late or is lost */
  bounded<T>(reply: Promise<T>): Promise<T>;
  /** The texts under `keys`, in that order, read at one instant where they stand on one server. @throws CacheUnavailable */
  mget(keys: readonly string[]): Promise<readonly (string | null)[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** How many signs of life in a row may fail to come before the connection itself is given up. */
const silentPingsMax = 5;

export function createRedisLink(options: RedisLinkOptions): RedisLink {
  const redis = new Redis(options.url, connectionOptions(options));
  const bounded = <T>(reply: Promise<T>): Promise<T> => withTimeLimit(reply, options.commandTimeoutMs);
  let silentPings = 0;
  return {
    redis,
    bounded,
    mget: (keys) => bounded(redis.mget([...keys])),
    connect(link) {
      listen(redis, link);
      if (redis.status === 'wait') redis.connect().catch(reportedByClose);
    },
    async ping() {
      silentPings += 1;
      // A peer that vanished without closing leaves a connection that looks alive; so does one frozen while greeting.
      if (silentPings > silentPingsMax && (redis.status === 'ready' || redis.status === 'connect')) {
        silentPings = 0;
        redis.disconnect(true);
      }
      await bounded(redis.ping());
      silentPings = 0;
    },
    async close() {
      if (redis.status === 'ready') await bounded(redis.quit()).catch(() => redis.disconnect());
      else redis.disconnect();
    },
  };
}

/** No queueing and no resending: a command that did not arrive is a failure at once, and replay is the owner's business. */
function connectionOptions({ commandTimeoutMs, reconnectMsMax }: RedisLinkOptions) {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2 * commandTimeoutMs,
    keepAlive: 10_000,
    retryStrategy: (attempt) => Math.min(25 * 2 ** attempt, reconnectMsMax),
    // A primary that became a replica says so only when written to; a new connection finds the new primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions;
}

function listen(redis: Redis, link: StoreLink): void {
  let last: Error | undefined;
  redis.on('error', (error: Error) => (last = error));
  redis.on('ready', () => link.up());
  redis.on('close', () => {
    link.down(new CacheUnavailable('the connection to Redis closed', { cause: last }));
    last = undefined;
  });
  if (redis.status === 'ready') link.up();
}

/** The first attempt's failure: `close` told the links, and the client goes on trying. */
function reportedByClose(): void {}

async function withTimeLimit<T>(reply: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new CacheUnavailable(`Redis gave no answer within ${limitMs} ms`));
    // After a stall of this process timers run before sockets are read: one more turn lets replies that are here count.
    timer = setTimeout(() => setImmediate(fail), limitMs);
  });
  try {
    return await Promise.race([reply, late]);
  } catch (error) {
    if (error instanceof CacheUnavailable) throw error;
    throw new CacheUnavailable(`Redis: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
