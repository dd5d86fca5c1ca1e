import { connect as connectPlain, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { slotOf } from './redis-slots.js';
import { withTimeLimit } from './redis-time-limit.js';
import type { RedisAddress, RedisNode } from './redis-url.js';

export interface OwnerOptions {
  readonly address: RedisAddress;
  /** Any key of the slot in question. */
  readonly key: string;
  readonly timeoutMs: number;
}

/**
 * Leads one connection to that server of a cluster that has the slot of `key`, and looks for it anew at every reconnect. The
 * library asks for a class; what it holds is the round of the nodes.
 */
export function ownerConnector(options: OwnerOptions): NonNullable<RedisOptions['Connector']> {
  let nodes: readonly RedisNode[] = options.address.nodes;
  return class OwnerConnector extends AbstractConnector {
    constructor() {
      super(options.timeoutMs);
    }

    /** Never rejects, which would end the client for good: a closed socket is an attempt that failed, and is repeated. */
    override async connect(): Promise<Socket> {
      this.connecting = true;
      try {
        const found = await findOwner(nodes, options);
        nodes = found.nodes;
        this.stream = open(found.owner, options);
      } catch (error) {
        nodes = [...nodes.slice(1), ...nodes.slice(0, 1)];
        this.firstError = error as Error;
        this.stream = new Socket().destroy();
        return this.stream;
      }
      if (!this.connecting) this.stream.destroy();
      this.stream.once('error', (error: Error) => (this.firstError = error));
      return this.stream;
    }
  };
}

function open({ host, port }: RedisNode, { address }: OwnerOptions): Socket {
  return address.hasTls ? connectTls({ host, port, servername: host }) : connectPlain({ host, port });
}

interface Found {
  readonly owner: RedisNode;
  /** Of the cluster as it is now, then those known from the start. */
  readonly nodes: readonly RedisNode[];
}

/** Asks one node after the other. @throws the last failure when none knows */
async function findOwner(nodes: readonly RedisNode[], options: OwnerOptions): Promise<Found> {
  let last: unknown;
  for (const node of nodes) {
    try {
      const ranges = await slotsAsSeenBy(node, options);
      const slot = slotOf(options.key);
      const owner = ranges.find(({ first, last: end }) => first <= slot && slot <= end)?.primary;
      if (!owner) throw new Error(`no server of the cluster has slot ${slot}`);
      return { owner, nodes: unique([...ranges.map(({ primary }) => primary), ...options.address.nodes]) };
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

interface Range {
  readonly first: number;
  readonly last: number;
  readonly primary: RedisNode;
}

async function slotsAsSeenBy(node: RedisNode, { address, timeoutMs }: OwnerOptions): Promise<readonly Range[]> {
  const { username, password, hasTls } = address;
  const redis = new Redis({
    ...node,
    lazyConnect: true,
    connectTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(hasTls ? { tls: {} } : {}),
  });
  let failure: Error | undefined;
  redis.on('error', (error: Error) => (failure = error));
  try {
    const ask = async (): Promise<unknown> => {
      await redis.connect();
      return redis.cluster('SLOTS');
    };
    const rows = (await withTimeLimit(ask(), timeoutMs)) as readonly SlotsRow[];
    return rows.map(([first, last, [host, port]]) => ({ first, last, primary: { host: host || node.host, port } }));
  } catch (error) {
    throw failure ?? error;
  } finally {
    redis.disconnect();
  }
}

/** First slot, last slot, the primary; then replicas. A server that does not know its own address leaves the host empty. */
type SlotsRow = readonly [first: number, last: number, primary: readonly [host: string, port: number]];

function unique(nodes: readonly RedisNode[]): readonly RedisNode[] {
  return [...new Map(nodes.map((node) => [`${node.host}:${node.port}`, node])).values()];
}
