import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { CacheUnavailable } from '../store.js';
import type { StoreLink } from '../store.js';
import { createClusterServers } from './redis-cluster.js';
import type { ControlKeys } from './redis-keys.js';
import { ownerConnector } from './redis-owner.js';
import { createOneServer } from './redis-servers.js';
import type { EntryServers } from './redis-servers.js';
import { withTimeLimit } from './redis-time-limit.js';
import { parseRedisUrl } from './redis-url.js';
import type { RedisAddress } from './redis-url.js';

export interface RedisLinkOptions {
  readonly url: string;
  readonly keys: ControlKeys;
  readonly commandTimeoutMs: number;
  readonly reconnectMsMax: number;
}

/** The way to Redis; every command answers or fails within the time limit. */
export interface RedisLink {
  /**
   * One connection to the one server that has the control keys, and to no other: where that server changes, the connection
   * breaks, and nothing is read or written before the next handshake. On a cluster for control keys only.
   */
  readonly redis: Redis;
  readonly entries: EntryServers;
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
  let silentPings = 0;
  return {
    redis,
    entries,
    bounded,
    run: (script, keys, values = []) => run(redis, bounded, script, keys, values),
    mget: isCluster
      ? (keys) => mgetApart(redis, bounded, entries, keys, options.keys.isControl)
      : (keys) => bounded(redis.mget([...keys])),
    connect(link) {
      listen(redis, entries, link);
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

/** Replies in their plain form, which the client knows by this option's absence. */
type Options = Omit<RedisOptions, 'replyMapping'>;

/** No queueing and no resending: a command that did not arrive is a failure at once, and replay is the owner's business. */
function connectionOptions(
  address: RedisAddress,
  { keys, commandTimeoutMs, reconnectMsMax }: RedisLinkOptions,
): Options {
  const retryStrategy = (attempt: number): number => Math.min(25 * 2 ** attempt, reconnectMsMax);
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2 * commandTimeoutMs,
    keepAlive: 10_000,
    retryStrategy,
    reconnectOnError: isElsewhere(reconnectMsMax),
    db: address.db,
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(address.hasTls ? { tls: {} } : {}),
    ...whereTo(address, keys, commandTimeoutMs, retryStrategy),
  };
}

function whereTo(
  address: RedisAddress,
  keys: ControlKeys,
  commandTimeoutMs: number,
  retryStrategy: (attempt: number) => number,
): Options {
  if (address.kind === 'cluster')
    return { Connector: ownerConnector({ address, key: keys.generation, timeoutMs: commandTimeoutMs }) };
  if (address.kind === 'single') return { ...address.nodes[0] };
  return {
    sentinels: address.nodes.map((node) => ({ ...node })),
    name: address.primary ?? '',
    sentinelRetryStrategy: retryStrategy,
    // Tells of a new primary also when the old one still answers.
    failoverDetector: true,
    ...(address.sentinelPassword === undefined ? {} : { sentinelPassword: address.sentinelPassword }),
    ...(address.hasTls ? { sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
  };
}

/**
 * A primary that became a replica says READONLY, or on a cluster MOVED, and one cut off from the others CLUSTERDOWN: a new
 * connection finds the present owner. Not more often than `pauseMs`, as it may take a while until there is one.
 */
function isElsewhere(pauseMs: number): (error: Error) => boolean {
  let notBeforeMs = 0;
  return ({ message }) => {
    if (!/^(?:READONLY|MOVED|CLUSTERDOWN)\b/.test(message) || performance.now() < notBeforeMs) return false;
    notBeforeMs = performance.now() + pauseMs;
    return true;
  };
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

/** The first attempt's failure: `close` told the links, and the client goes on trying. */
function reportedByClose(): void {}
