import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RedisOptions {
  /** Further words of the server's command line, such as `['--maxmemory', '10mb']`. */
  readonly arguments?: readonly string[];
}

/** A redis-server of the test's own on a free loopback port, with a directory of its own. */
export interface RedisProcess {
  readonly url: string;
  readonly port: number;
  /** Where it keeps its dump, `dump.rdb`. */
  readonly directory: string;
  /** SIGKILL: no goodbye, nothing saved. */
  kill(): Promise<void>;
  /** The same port and directory, so a dump that was saved is loaded. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends the process and removes its directory. */
  stop(): Promise<void>;
}

const startMsMax = 60_000;

export async function startRedis(options: RedisOptions = {}): Promise<RedisProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'runam-redis-'));
  const port = await freePort();
  const launch = (): Promise<ChildProcess> => launchServer(port, directory, options.arguments ?? []);
  let server = await launch();
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    directory,
    kill,
    async restart() {
      await kill();
      server = await launch();
    },
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    async stop() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function launchServer(port: number, directory: string, more: readonly string[]): Promise<ChildProcess> {
  const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
  return runServer([...where, '--save', '', '--appendonly', 'no', ...more], port);
}

/** Resolves when it answers on `port`. It ends with this process at the latest. */
export async function runServer(words: readonly string[], port: number): Promise<ChildProcess> {
  const server = spawn('redis-server', words, { stdio: 'ignore' });
  const failed = once(server, 'error').then(([error]) => Promise.reject(error as Error));
  // A test run that ends early takes its server along.
  const reap = (): void => void server.kill('SIGKILL');
  process.once('exit', reap);
  server.once('exit', () => process.off('exit', reap));
  await Promise.race([failed, answering(port)]);
  return server;
}

/** Resolves when the server answers PING, which it refuses while it still loads a dump. */
async function answering(port: number): Promise<void> {
  const deadline = Date.now() + startMsMax;
  while (Date.now() < deadline) {
    if ((await ping(port)).startsWith('+PONG')) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`redis-server did not answer on port ${port} within ${startMsMax} ms`);
}

function ping(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const end = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => end(data.toString()));
    socket.on('error', () => end(''));
    socket.on('close', () => resolve(''));
  });
}

/** A loopback port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
