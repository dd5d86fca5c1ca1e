import { Redis } from 'ioredis';
import { freePort, startRedis } from './redis.js';
import type { RedisProcess } from './redis.js';

/** Three primaries with a third of the slots each, on loopback. */
export interface RedisCluster {
  /** Names two of the nodes. */
  readonly url: string;
  readonly nodes: readonly RedisProcess[];
  /** Of the node that has the slot of `key`, as the cluster sees it now. */
  ownerOf(key: string): Promise<RedisProcess>;
  /** A further node that copies `of`; resolves when it has everything. */
  addReplica(of: RedisProcess): Promise<RedisProcess>;
  stop(): Promise<void>;
}

const slots = 16_384;
const agreeMsMax = 30_000;

/** @param more further words of each server's command line */
export async function startCluster(more: readonly string[] = []): Promise<RedisCluster> {
  const nodes = await Promise.all([0, 1, 2].map(() => startNode(more)));
  const all = [...nodes];
  const stop = async (): Promise<void> => void (await Promise.all(all.map((node) => node.stop())));
  try {
    await Promise.all(
      nodes.map((node, index) =>
        withClient(node, (client) =>
          client.call(
            'CLUSTER',
            'ADDSLOTSRANGE',
            Math.ceil((slots / 3) * index),
            Math.ceil((slots / 3) * (index + 1)) - 1,
          ),
        ),
      ),
    );
    await introduce(nodes);
    await agreed(all);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `redis-cluster://${nodes
      .slice(0, 2)
      .map(({ port }) => `127.0.0.1:${port}`)
      .join(',')}`,
    nodes,
    ownerOf: (key) => ownerOf(all, key),
    async addReplica(of) {
      const replica = await startNode(more);
      all.push(replica);
      await introduce([nodes.find((node) => node !== of) ?? of, replica]);
      const id = await withClient(of, (client) => client.call('CLUSTER', 'MYID'));
      await until(() => withClient(replica, (client) => client.call('CLUSTER', 'REPLICATE', String(id)).then(yes, no)));
      await until(() => withClient(replica, async (client) => /master_link_status:up/.test(await client.info())));
      await agreed(all);
      return replica;
    },
    stop,
  };
}

async function startNode(more: readonly string[]): Promise<RedisProcess> {
  const bus = await freePort();
  const words = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '2000', ...more];
  const node = await startRedis({ arguments: words });
  return Object.assign(node, { bus });
}

/** Tells the first node of all others; they find each other through it. */
async function introduce([first, ...others]: readonly RedisProcess[]): Promise<void> {
  if (!first) return;
  for (const node of others) {
    const bus = String((node as RedisProcess & { bus: number }).bus);
    await withClient(first, (client) => client.call('CLUSTER', 'MEET', '127.0.0.1', String(node.port), bus));
  }
}

/** Resolves when every node knows every other and all slots are served. */
async function agreed(nodes: readonly RedisProcess[]): Promise<void> {
  await until(async () => {
    const infos = await Promise.all(nodes.map((node) => withClient(node, (client) => client.call('CLUSTER', 'INFO'))));
    return infos.every(
      (info) => /cluster_state:ok/.test(String(info)) && String(info).includes(`cluster_known_nodes:${nodes.length}\r`),
    );
  });
}

async function ownerOf(nodes: readonly RedisProcess[], key: string): Promise<RedisProcess> {
  for (const node of nodes) {
    const rows = await withClient(node, async (client) => {
      const slot = Number(await client.call('CLUSTER', 'KEYSLOT', key));
      const ranges = (await client.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
      return ranges.find(([first, last]) => first <= slot && slot <= last);
    }).catch(() => undefined);
    const owner = nodes.find(({ port }) => port === rows?.[2][1]);
    if (owner) return owner;
  }
  throw new Error(`nobody has the slot of ${key}`);
}

/** A client of this very node, closed at the end. It does not follow redirections. */
export async function withClient<T>(node: Pick<RedisProcess, 'port'>, body: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({
    port: node.port,
    host: '127.0.0.1',
    lazyConnect: true,
    connectTimeout: 2000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await body(client);
  } finally {
    client.disconnect();
  }
}

/** Replicas keep what they have and hear of nothing more; who is connected to `node` stays so. */
export async function cutOffReplicas(node: Pick<RedisProcess, 'port'>): Promise<void> {
  await withClient(node, async (client) => {
    await client.config('SET', 'requirepass', 'unknown to replicas');
    await client.call('CLIENT', 'KILL', 'TYPE', 'replica');
  });
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + agreeMsMax;
  while (!(await condition().catch(no))) {
    if (Date.now() > deadline) throw new Error(`the nodes did not agree within ${agreeMsMax} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const yes = (): boolean => true;
/** Not yet; the next attempt says more. */
const no = (): boolean => false;
