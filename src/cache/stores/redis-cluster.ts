import { Cluster } from 'ioredis';
import { EntryRefused } from '../store.js';
import type { EntryServers } from './redis-servers.js';
import { slotOf } from './redis-slots.js';
import { withTimeLimit } from './redis-time-limit.js';
import type { RedisAddress } from './redis-url.js';

export interface ClusterServersOptions {
  readonly address: RedisAddress;
  readonly commandTimeoutMs: number;
  readonly reconnectMsMax: number;
}

/** For how many time limits a server that failed is left alone. */
const restFactor = 5;

/**
 * All servers of a cluster, for entries only. An entry says itself whether it is valid, by its generation, its `s0` and its tags,
 * so it may be read at any time, from any server and after any redirection: what makes it valid is the control state alone,
 * which is read from one server, after the read began. A server in trouble therefore loses its entries, which are
 * misses until it is back, and nothing else; and it costs one time limit, then it rests.
 */
export function createClusterServers(options: ClusterServersOptions): EntryServers {
  const { commandTimeoutMs } = options;
  const cluster = new Cluster([...options.address.nodes], clusterOptions(options));
  const resting = createResting(restFactor * commandTimeoutMs);
  const serverOf = (key: string): string => cluster.slots[slotOf(key)]?.[0] ?? '';
  // What went wrong is told by the command it befalls.
  cluster.on('error', () => {});
  cluster.on('node error', () => {});

  async function ask<T>(key: string, command: () => Promise<T>): Promise<T> {
    const server = serverOf(key);
    if (cluster.status !== 'ready') throw new EntryRefused('the servers of the cluster are not found yet');
    if (resting.has(server)) throw new EntryRefused(`the server ${server} did not answer a moment ago`);
    try {
      return await withTimeLimit(command(), commandTimeoutMs);
    } catch (error) {
      if (!isRefusal(error)) resting.add(server);
      throw new EntryRefused(messageOf(error), { cause: error });
    }
  }

  return {
    mget: (keys) => Promise.all(keys.map((key) => ask(key, () => cluster.get(key)).catch(aMiss))),
    async set(key, text, ttlMs) {
      if (resting.has(serverOf(key))) return;
      await ask(key, () => cluster.set(key, text, 'PX', Math.ceil(ttlMs)));
    },
    commands: cluster,
    primaries: () => cluster.nodes('master'),
    bounded: (reply) =>
      withTimeLimit(reply, commandTimeoutMs).catch((error: unknown) => {
        throw new EntryRefused(messageOf(error), { cause: error });
      }),
    connect() {
      if (cluster.status !== 'wait') return Promise.resolve();
      return withTimeLimit(cluster.connect(), commandTimeoutMs).catch(goesOnTrying);
    },
    close: () => cluster.disconnect(),
  };
}

function clusterOptions({ address, commandTimeoutMs, reconnectMsMax }: ClusterServersOptions) {
  const { username, password, hasTls } = address;
  return {
    lazyConnect: true,
    clusterRetryStrategy: (attempt: number) => Math.min(25 * 2 ** attempt, reconnectMsMax),
    slotsRefreshTimeout: commandTimeoutMs,
    maxRedirections: 4,
    // A server that closed its connection or has no slots has no entries: a miss now is better than a hit later.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    redisOptions: {
      connectTimeout: commandTimeoutMs,
      keepAlive: 10_000,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(hasTls ? { tls: {} } : {}),
    },
  };
}

/** An entry that cannot be read is loaded again; its server rests meanwhile, and the entry it is replaced by says why. */
function aMiss(): null {
  return null;
}

/** The servers are found in the background; until then every entry is a miss. */
function goesOnTrying(): void {}

/** A server that is well and says no. */
function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.name === 'ReplyError';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function createResting(restMs: number) {
  const until = new Map<string, number>();
  return {
    add: (server: string): void => void until.set(server, performance.now() + restMs),
    has(server: string): boolean {
      const end = until.get(server);
      if (end === undefined) return false;
      if (performance.now() < end) return true;
      until.delete(server);
      return false;
    },
  };
}
