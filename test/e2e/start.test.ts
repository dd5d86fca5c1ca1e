import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';
import { isRunning } from '../support/processes.js';

const soon = { timeout: 60_000, interval: 50 };
const startMsMax = 180_000;

describe('starting the server', { timeout: startMsMax }, () => {
  let rootDir: string;
  let dataDir: string;
  let servers: ServerProcess[];

  beforeEach(async () => {
    rootDir = await mkdtemp(join(tmpdir(), 'runam-test-'));
    await chmod(rootDir, 0o755);
    dataDir = join(rootDir, 'data');
    servers = [];
  });

  afterEach(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(rootDir, { recursive: true });
  });

  it('names every setting that is wrong, and nothing else, when the environment cannot be used', async () => {
    const fault = await faultOf({ PORT: 'http', CACHE_TIMEOUT_ERRAND_LIST: 'abc', JWT_SECRET: 'hunter2' });
    expect(fault).toContain('3 settings are wrong:');
    expect(fault).toContain('PORT: got "http"; takes whole numbers from 0 to 65535.');
    expect(fault).toContain(
      'CACHE_TIMEOUT_ERRAND_LIST: got "abc"; takes whole seconds from 0 (do not cache) to 31536000.',
    );
    expect(fault).toContain('JWT_SECRET: got something else (not shown); takes at least 32 characters.');
    expectOneStatement(fault);
  });

  it('says in one sentence that a file stands where its data folder should be', async () => {
    await writeFile(dataDir, '');
    const fault = await faultOf({});
    expect(fault).toContain('The embedded database cannot use its folder: a file stands where a folder is needed');
    expectOneStatement(fault);
  });

  it('says in one sentence that DATABASE_URL leads nowhere, without its password', async () => {
    const listener = await listen();
    const port = portOf(listener);
    await close(listener);
    const fault = await faultOf({ DATABASE_URL: `postgresql://runam:hunter2@127.0.0.1:${port}/runam` });
    expect(fault).toContain(`No PostgreSQL listens at 127.0.0.1:${port}; start it, or correct DATABASE_URL.`);
    expectOneStatement(fault);
  });

  it('says in one sentence that the port is taken, and leaves no database server behind', async () => {
    const listener = await listen();
    const fault = await faultOf({ PORT: String(portOf(listener)), SEED_DEMO: 'false' });
    await close(listener);
    expect(fault).toContain(`Port ${portOf(listener)}`);
    expectOneStatement(fault);
    expect(await serverPid()).toBeUndefined();
  });

  describe('on a database of its own', () => {
    let database: TestDatabase;
    beforeEach(async () => void (database = await createTestDatabase()));
    afterEach(() => database.drop());

    it('serves without its Redis, and says once that it is missing', async () => {
      const listener = await listen();
      const redisUrl = `redis://127.0.0.1:${portOf(listener)}`;
      await close(listener);
      const server = await start({ DATABASE_URL: database.url, REDIS_URL: redisUrl });
      const warnings = () => server.output.filter((line) => /redis/i.test(line) && /"level":(40|50)/.test(line));
      await vi.waitFor(() => expect(warnings()).not.toHaveLength(0), soon);
      expect(warnings()).toHaveLength(1);
      expect(server.process.exitCode).toBeNull();
    });
  });

  it('leaves no database server behind when it is told to stop, and exits with 0', async () => {
    const server = await start({ SEED_DEMO: 'false' });
    const pid = await serverPid();
    expect(isRunning(pid)).toBe(true);
    expect(await server.stop()).toBe(0);
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), soon);
    expect(await serverPid()).toBeUndefined();
  });

  it('stops in order also when it is told twice, as by an impatient Ctrl-C', async () => {
    const server = await start({ SEED_DEMO: 'false' });
    const pid = await serverPid();
    const stopped = server.stop();
    server.process.kill('SIGTERM');
    server.process.kill('SIGINT');
    expect(await stopped).toBe(0);
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), soon);
  });

  it('starts again after it was killed, and lets no database server outlive it', async () => {
    const first = await start({ SEED_DEMO: 'false' });
    const pid = await serverPid();
    await first.kill();
    const second = await start({ SEED_DEMO: 'false' });
    const secondPid = await serverPid();
    await second.kill();
    await vi.waitFor(() => expect([isRunning(pid), isRunning(secondPid)]).toEqual([false, false]), soon);
  });

  async function start(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
    const server = await startServerProcess({ RUNAM_DATA_DIR: dataDir, ...env });
    servers.push(server);
    return server;
  }

  /** What a start that cannot work says. */
  async function faultOf(env: Readonly<Record<string, string>>): Promise<string> {
    const fault: unknown = await start(env).catch((error: unknown) => error);
    if (fault instanceof Error && fault.message.startsWith('the server ended with 1:')) return fault.message;
    throw new Error(`expected the server to end with 1, got ${String(fault)}`);
  }

  async function serverPid(): Promise<number | undefined> {
    const text = await readFile(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : Number(text.split('\n')[0]);
  }
});

describe('npm start', () => {
  it('says in one sentence which Node it needs', async () => {
    const older = `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.18.3' })`;
    const child = spawn(process.execPath, ['--import', older, 'scripts/start.mjs'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const said: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(Buffer.concat(said).toString()).toMatch(
      /^RunAm needs Node 20\.19 or newer; this is Node 20\.18\.3 \(.*\)\.\n$/,
    );
  });
});

function expectOneStatement(fault: string): void {
  expect(fault).not.toMatch(/^\s+at /m);
  // In the log a stack is one line: nothing may be as bad as a warning.
  expect(fault).not.toMatch(/^\{"level":[4-6]0,/m);
  expect(fault).not.toContain('hunter2');
}

async function listen(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const ports = new WeakMap<Server, number>();

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === 'object' && address !== null) ports.set(server, address.port);
  return ports.get(server) ?? 0;
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}
