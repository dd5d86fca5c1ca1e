import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithUs, stopChild } from './child.js';

export interface BenchRedis {
  readonly url: string;
  stop(): Promise<void>;
}

const missing =
  'The bench needs a redis-server of its own (Debian, Ubuntu: apt install redis-server; macOS: brew install redis).';

/** A redis-server on a free loopback port that keeps nothing on disk. @throws Error when there is none to start */
export async function startRedis(): Promise<BenchRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'runam-bench-redis-'));
  const port = await freePort();
  const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
  const server = spawn('redis-server', [...where, '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  endWithUs(server);
  const stop = async (): Promise<void> => {
    if (server.pid !== undefined) await stopChild(server);
    await rm(directory, { recursive: true, force: true });
  };
  let said = '';
  const accepts = new Promise<void>((resolve) => {
    server.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Ready to accept connections')) resolve();
    });
  });
  const failed = once(server, 'exit').then(() => {
    throw new Error(`redis-server ended: ${said}`);
  });
  try {
    await Promise.race([accepts, failed]);
  } catch (error) {
    await stop();
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? new Error(missing) : error;
  }
  failed.catch(() => undefined);
  return { url: `redis://127.0.0.1:${port}`, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
