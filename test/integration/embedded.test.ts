import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { isRunning } from '../support/processes.js';

const fast = { fsync: 'off', shared_buffers: '16MB' };
const soon = { timeout: 45_000, interval: 20 };

describe('the embedded PostgreSQL', () => {
  let rootDir: string;
  let dataDir: string;
  let started: EmbeddedPostgres[];
  let children: ChildProcess[];

  beforeEach(async () => {
    rootDir = await mkdtemp(join(tmpdir(), 'runam-test-'));
    // Passable, as a folder in a home often is not: one test is about that.
    await chmod(rootDir, 0o755);
    dataDir = join(rootDir, 'data');
    started = [];
    children = [];
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(started.map((postgres) => postgres.stop()));
    const leftover = await serverPid().catch(() => 0);
    if (leftover > 0 && isRunning(leftover)) process.kill(leftover, 'SIGKILL');
    const place = await placeOf(dataDir);
    if (place !== undefined) await rm(place, { recursive: true });
    await rm(rootDir, { recursive: true });
  });

  it('starts in an empty folder with UTF-8, an ordering that is the same everywhere, and UTC', async () => {
    const { url } = await start();
    const [row] = await ask(
      url,
      `SELECT current_database() AS name, pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider,
              datlocale AS locale, current_setting('timezone') AS zone, current_setting('listen_addresses') AS addresses
       FROM pg_database WHERE datname = current_database()`,
    );
    expect(row).toEqual({
      name: 'runam',
      encoding: 'UTF8',
      provider: 'b',
      locale: 'C.UTF-8',
      zone: 'UTC',
      addresses: '127.0.0.1',
    });
  });

  it('lets nobody in without the password, which only the owner of the folder can read', async () => {
    const { url } = await start();
    const guess = new URL(url);
    guess.password = 'guess';
    await expect(ask(guess.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(dataDir, 'postgres', 'password'))).mode & 0o777).toBe(0o600);
  });

  it('keeps its rows from one start to the next, and leaves no server after stop', async () => {
    const first = await start();
    await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const pid = await serverPid();
    await Promise.all([first.stop(), first.stop()]);
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), soon);
    const second = await start();
    expect(await ask(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('serves from a folder that other users cannot enter, as homes often are', async () => {
    const closed = join(rootDir, 'closed');
    await mkdir(closed, { mode: 0o700 });
    dataDir = join(closed, 'data');
    const { url } = await start();
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is shared by all who start it in one folder at once, and stops with the last of them', async () => {
    const all = await Promise.all([start(), start(), start()]);
    const pid = await serverPid();
    expect(new Set(all.map(({ url }) => url)).size).toBe(1);
    await all[0]?.stop();
    await all[2]?.stop();
    expect(await ask(all[1]?.url ?? '', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await all[1]?.stop();
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), soon);
  });

  it('ends soon after the process that started it was killed', async () => {
    const child = await startInChild();
    const pid = await serverPid();
    await kill(child);
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), soon);
  });

  it('stays when one of two processes that use it is killed', async () => {
    const child = await startInChild();
    const { url } = await start();
    await kill(child);
    await vi.waitFor(async () => expect(await readdir(join(dataDir, 'postgres', 'holders'))).toHaveLength(1), soon);
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is adopted by the next start when its process was killed and nothing was left to end it', async () => {
    const child = await startInChild();
    const pid = await serverPid();
    for (const watchdog of await readdir(join(dataDir, 'postgres', 'holders')))
      process.kill(Number(watchdog), 'SIGKILL');
    await kill(child);
    const { url } = await start();
    expect(await serverPid()).toBe(pid);
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('recovers with all committed rows when the server itself was killed', async () => {
    const first = await start();
    await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(await serverPid(), 'SIGKILL');
    const second = await start();
    expect(await ask(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('starts over a pid file whose number now belongs to another program, and leaves that program alone', async () => {
    await (await start()).stop();
    const innocent = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    children.push(innocent);
    const clusterDir = await clusterDirOf(dataDir);
    await writeFile(
      join(clusterDir, 'postmaster.pid'),
      `${innocent.pid}\n${clusterDir}\n1700000000\n5432\n\n127.0.0.1\n1 1\nready   \n`,
    );
    const { url } = await start();
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(isRunning(innocent.pid ?? 0)).toBe(true);
  });

  it('takes over the start lock of a process that has died', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'start.lock'), `${dead.pid} 1 abc`);
    const { url } = await start();
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('says in one sentence that the rows were made by another major version', async () => {
    await (await start()).stop();
    const versionFile = join(await clusterDirOf(dataDir), 'PG_VERSION');
    const version = await readFile(versionFile);
    await writeFile(versionFile, '17\n');
    await expect(start()).rejects.toThrow(
      /^The database in .* was made by PostgreSQL 17, this RunAm brings PostgreSQL 18; .*RUNAM_DATA_DIR/,
    );
    await writeFile(versionFile, version);
  });

  it('says in one sentence that a file stands where its folder should be', async () => {
    await writeFile(dataDir, '');
    await expect(start()).rejects.toThrow(/^The embedded database cannot use its folder: a file stands where/);
  });

  it('takes a temporary folder away with the server, also when its process was killed', async () => {
    const child = await startInChild('isTemporary: true');
    const pid = await serverPid();
    await kill(child);
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), soon);
    await vi.waitFor(() => expect(stat(dataDir)).rejects.toMatchObject({ code: 'ENOENT' }), soon);
  });

  async function start(): Promise<EmbeddedPostgres> {
    const postgres = await startEmbeddedPostgres({ dataDir, logger: silentLogger, settings: fast });
    started.push(postgres);
    return postgres;
  }

  /** Starts it in a process of its own; answers when the server is up. */
  async function startInChild(more = ''): Promise<ChildProcess> {
    const code = `
      import { runnerImport } from 'vite';
      const { module } = await runnerImport(${JSON.stringify(fileURLToPath(new URL('../../src/db/embedded/index.ts', import.meta.url)))});
      const logger = { debug() {}, info() {}, warn() {}, error() {} };
      await module.startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, logger, settings: ${JSON.stringify(fast)}, ${more} });
      process.stdout.write('up');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  async function serverPid(): Promise<number> {
    return Number((await readFile(join(await clusterDirOf(dataDir), 'postmaster.pid'), 'utf8')).split('\n')[0]);
  }
});

async function ask(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Root keeps the rows elsewhere when the server's user cannot reach the folder. */
async function clusterDirOf(dataDir: string): Promise<string> {
  return join((await placeOf(dataDir)) ?? join(dataDir, 'postgres'), 'cluster');
}

async function placeOf(dataDir: string): Promise<string | undefined> {
  return readFile(join(dataDir, 'postgres', 'place'), 'utf8').catch(() => undefined);
}
