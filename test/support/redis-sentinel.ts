import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, runServer, startRedis } from './redis.js';
import type { RedisProcess } from './redis.js';
import { until, withClient } from './redis-cluster.js';

/** A primary, a replica of it and three sentinels that watch them, on loopback. */
export interface WatchedRedis {
  readonly url: string;
  /** Of the sentinels. */
  readonly ports: readonly number[];
  readonly primary: RedisProcess;
  readonly replica: RedisProcess;
  stop(): Promise<void>;
}

/** @param more further words of the command line of primary and replica */
export async function startWatchedRedis(more: readonly string[] = []): Promise<WatchedRedis> {
  const primary = await startRedis({ arguments: more });
  const replica = await startRedis({ arguments: ['--replicaof', `127.0.0.1 ${primary.port}`, ...more] });
  const sentinels = await Promise.all([0, 1, 2].map(() => startSentinel(primary.port)));
  const stop = async (): Promise<void> =>
    void (await Promise.all([...sentinels, primary, replica].map((server) => server.stop())));
  try {
    await until(() => withClient(replica, async (client) => /master_link_status:up/.test(await client.info())));
    for (const sentinel of sentinels) await until(() => knowsAll(sentinel.port));
  } catch (error) {
    await stop();
    throw error;
  }
  const ports = sentinels.map(({ port }) => port);
  return { url: sentinelUrl(ports), ports, primary, replica, stop };
}

/** Of the primary that the sentinels at `ports` watch. */
export function sentinelUrl(ports: readonly number[]): string {
  return `redis-sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/main`;
}

const knowsAll = (port: number): Promise<boolean> =>
  withClient({ port }, async (client) => {
    const flat = (await client.call('SENTINEL', 'MASTER', 'main')) as string[];
    const valueOf = (name: string): string | undefined => flat[flat.indexOf(name) + 1];
    return valueOf('num-slaves') === '1' && valueOf('num-other-sentinels') === '2';
  });

interface Sentinel {
  readonly port: number;
  stop(): Promise<void>;
}

async function startSentinel(primaryPort: number): Promise<Sentinel> {
  const directory = await mkdtemp(join(tmpdir(), 'runam-sentinel-'));
  const port = await freePort();
  const file = join(directory, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor main 127.0.0.1 ${primaryPort} 2`,
    'sentinel down-after-milliseconds main 1000',
    // An election that nobody won is held again after twice this time.
    'sentinel failover-timeout main 3000',
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const server: ChildProcess = await runServer([file, '--sentinel'], port);
  return {
    port,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        const exited = once(server, 'exit');
        server.kill('SIGKILL');
        await exited;
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}
