import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { CacheUnavailable } from '../store.js';
import type { StoreLink } from '../store.js';
import { createClusterServers } from './redis-cluster.js';
import type { ControlKeys } from './redis-keys.js';
import { connectionOptions } from './redis-options.js';
import { createOneServer } from './redis-servers.js';
import type { EntryServers } from './redis-servers.js';
import { withTimeLimit } from './redis-time-limit.js';
import { parseRedisUrl } from './redis-url.js';

export interface RedisLinkOptions {
  readonly url: string;
  readonly keys: ControlKeys;
  readonly commandTimeoutMs: number;
  readonly reconnectMsMax: number;
  /** How often a write is tried, milliseconds; 0: never. */
  readonly beatMs: number;
}

/** The way to Redis; every command answers or fails within the time limit. */
export interface RedisLink {
  /**
   * One connection to the one server that has the control keys, and to no other: where that server changes, the connection
   * breaks, and nothing is read or written before the next handshake. On a cluster for control keys only.
   */
  readonly redis: Redis;
  readonly entries: EntryServers;
  readonly isCluster: boolean;
  connect(link: StoreLink): void;
  /** @throws CacheUnavailable when the reply is an error, is late or is lost */
  bounded<T>(reply: Promise<T>): Promise<T>;
  /** Runs a script over control keys. @throws CacheUnavailable */
  run(script: string, keys: readonly string[], values?: readonly (string | number)[]): Promise<unknown>;
  /**
   * The texts under `keys`, in that order. The control keys among them are read at one instant, all by one command; one call
   * must therefore ask for everything that has to agree (a tag and the floor). On a cluster an entry is read at another
   * instant, and is null when its server is in trouble. @throws CacheUnavailable
   */
  mget(keys: readonly string[]): Promise<readonly (string | null)[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** How many signs of life in a row may fail to come before the connection itself is given up. */
const silentPingsMax = 5;

/** @throws RedisUrlInvalid */
export function createRedisLink(options: RedisLinkOptions): RedisLink {
  const address = parseRedisUrl(options.url);
  const redis = new Redis(connectionOptions(address, options));
  const bounded = <T>(reply: Promise<T>): Promise<T> => withTimeLimit(reply, options.commandTimeoutMs);
  const isCluster = address.kind === 'cluster';
  const entries = isCluster ? createClusterServers({ ...options, address }) : createOneServer(redis, bounded);
  const beat = createBeat(redis, bounded, options);
  const neverEnds = connectAgain(redis, options.reconnectMsMax);
  let silentPings = 0;
  return {
    redis,
    entries,
    isCluster,
    bounded,
    run: (script, keys, values = []) => run(redis, bounded, script, keys, values),
    mget: isCluster
      ? (keys) => mgetApart(redis, bounded, entries, keys, options.keys.isControl)
      : (keys) => bounded(redis.mget([...keys])),
    connect(link) {
      listen(redis, entries, link);
      beat.start(link);
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
      neverEnds.stop();
      beat.stop();
      entries.close();
      if (redis.status === 'ready') await bounded(redis.quit()).catch(() => redis.disconnect());
      else redis.disconnect();
    },
  };
}

type Bounded = RedisLink['bounded'];

/** By name; in full only to a server that does not know it yet, which is one that was restarted. */
async function run(
  redis: Redis,
  bounded: Bounded,
  script: string,
  keys: readonly string[],
  values: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await bounded(redis.evalsha(nameOf(script), keys.length, ...keys, ...values));
  } catch (error) {
    const cause = error instanceof CacheUnavailable ? error.cause : undefined;
    if (!(cause instanceof Error) || !cause.message.startsWith('NOSCRIPT')) throw error;
    return bounded(redis.eval(script, keys.length, ...keys, ...values));
  }
}

const names = new Map<string, string>();

function nameOf(script: string): string {
  const known = names.get(script);
  if (known !== undefined) return known;
  const name = createHash('sha1').update(script).digest('hex');
  names.set(script, name);
  return name;
}

async function mgetApart(
  redis: Redis,
  bounded: Bounded,
  entries: EntryServers,
  keys: readonly string[],
  isControl: (key: string) => boolean,
): Promise<readonly (string | null)[]> {
  const [control, others] = [keys.filter(isControl), keys.filter((key) => !isControl(key))];
  const [states, texts] = await Promise.all([
    control.length > 0 ? bounded(redis.mget(control)) : [],
    entries.mget(others),
  ]);
  const found = new Map<string, string | null>();
  for (const [index, key] of control.entries()) found.set(key, states[index] ?? null);
  for (const [index, key] of others.entries()) found.set(key, texts[index] ?? null);
  return keys.map((key) => found.get(key) ?? null);
}

function listen(redis: Redis, entries: EntryServers, link: StoreLink): void {
  let last: Error | undefined;
  const up = (): void => void entries.connect().then(() => redis.status === 'ready' && link.up());
  redis.on('error', (error: Error) => (last = error));
  redis.on('ready', up);
  redis.on('close', () => {
    link.down(new CacheUnavailable('the connection to Redis closed', { cause: last }));
    last = undefined;
  });
  if (redis.status === 'ready') up();
}

/**
 * A primary that was cut off, or made a replica while this connection stayed open, goes on answering reads. Where it refuses
 * writes then, as a replica does and a primary under `min-replicas-to-write`, this says so also to a process that only reads.
 */
function createBeat(redis: Redis, bounded: Bounded, { keys, beatMs }: RedisLinkOptions) {
  let timer: NodeJS.Timeout | undefined;
  const beat = async (link: StoreLink): Promise<void> => {
    try {
      if (redis.status === 'ready') await bounded(redis.hset(keys.server, 'beat', '1'));
    } catch (error) {
      // Silence and closed connections are noticed by those who wait for an answer.
      const cause = error instanceof CacheUnavailable ? error.cause : undefined;
      if (cause instanceof Error && cause.name === 'ReplyError') link.down(error as CacheUnavailable);
    }
  };
  return {
    start(link: StoreLink): void {
      if (beatMs > 0) timer = setInterval(() => void beat(link), beatMs).unref();
    },
    stop: (): void => clearInterval(timer),
  };
}

/**
 * The client gives up for good when a failover is announced while it asks a sentinel for the primary: its connector then
 * fails instead of closing. Nothing else may end it but `stop`.
 */
function connectAgain(redis: Redis, pauseMs: number): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const again = (): void => {
    timer = setTimeout(() => void redis.connect().catch(reportedByClose), pauseMs).unref();
  };
  redis.on('end', again);
  return {
    stop(): void {
      redis.off('end', again);
      clearTimeout(timer);
    },
  };
}

/** A failed attempt: `close` told the links, and the client goes on trying. */
function reportedByClose(): void {}
