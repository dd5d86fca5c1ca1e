import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedPostgresError, isFileFault } from './embedded.error.js';
import { cleanEnv } from './identity.js';
import type { Place } from './place.js';
import { commandOf, isAlive, poll } from './processes.js';
import { clusterUser } from './cluster.js';

/** A PostgreSQL server that runs on our cluster, started by us or found running. */
export interface Server {
  readonly pid: number;
  readonly port: number;
}

const readyMsMax = 60_000;
const stopMsMax = 30_000;
const portTriesMax = 5;

/** Fits beside an editor and a browser on a small machine, and keeps every committed row. */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

export function urlOf({ port }: Server, password: string, database: string): string {
  return `postgresql://${clusterUser}:${password}@127.0.0.1:${port}/${database}`;
}

/**
 * The server that runs on this cluster, for example because the process that started it was killed. What a dead server
 * left behind is cleaned away; a process that merely got its number is not touched.
 */
export async function findRunning({ clusterDir }: Place): Promise<Server | undefined> {
  const file = join(clusterDir, 'postmaster.pid');
  const lines = await readLines(file);
  if (lines === undefined) return undefined;
  const pid = Number(lines[0]);
  const isOurs = lines[1] === clusterDir && (await commandOf(pid))?.includes(clusterDir) && (await isAlive(pid));
  if (isOurs) return { pid, port: Number(lines[3]) };
  await rm(file, { force: true });
  return undefined;
}

/** @throws EmbeddedPostgresError with the last words of the server when it ends instead of becoming ready */
export async function launch(
  place: Place,
  password: string,
  logFile: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Server> {
  for (let tries = 1; ; tries += 1) {
    const server = await spawnServer(place, logFile, await freePort(), more);
    if (await becomesReady(server, password)) return server;
    await ensureStopped(place, server);
    const log = await readFile(logFile, 'utf8');
    if (tries < portTriesMax && /could not (bind|create any TCP)|pre-existing shared memory/.test(log)) continue;
    throw new EmbeddedPostgresError(`The embedded PostgreSQL did not start: ${lastWords(log)} (all of it: ${logFile})`);
  }
}

/** Whether the server answers within a minute. False as soon as it has ended. */
export async function becomesReady(server: Server, password: string): Promise<boolean> {
  const answer = await poll(
    async () => (await answers(server, password)) ?? ((await isAlive(server.pid)) ? undefined : false),
    {
      waitMsMax: readyMsMax,
    },
  );
  return answer ?? false;
}

/** Ends the server, rolling back what is under way; returns when it has ended. */
export async function stopServer(place: Place, server: Server): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!(await sendSignal(place, server, signal))) return;
    if (
      await poll(async () => ((await hasEnded(place, server)) ? true : undefined), {
        waitMsMax: stopMsMax,
        everyMs: 10,
      })
    )
      return;
  }
  throw new EmbeddedPostgresError(`The embedded PostgreSQL (process ${server.pid}) does not end.`);
}

async function ensureStopped(place: Place, server: Server): Promise<void> {
  if (await isAlive(server.pid)) await stopServer(place, server);
}

async function spawnServer(
  place: Place,
  logFile: string,
  port: number,
  more: Readonly<Record<string, string>>,
): Promise<Server> {
  const log = await open(logFile, 'w', 0o600);
  try {
    const all = { ...settings, port: String(port), ...more };
    const args = [
      '-D',
      place.clusterDir,
      ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
    const program = join(place.binaries.nativeDir, 'bin', 'postgres');
    // A process group of its own: Ctrl-C in the terminal must reach RunAm first, which then stops the server itself.
    const child = spawn(program, args, {
      cwd: '/',
      env: cleanEnv(),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      ...place.identity,
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('spawn', () => resolve(child.pid ?? 0));
      child.once('error', reject);
    });
    child.unref();
    return { pid, port };
  } finally {
    await log.close();
  }
}

/** True: ready. False: it will not take our password. Undefined: not yet. */
async function answers(server: Server, password: string): Promise<boolean | undefined> {
  const client = new Client({
    connectionString: urlOf(server, password, 'postgres'),
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch (error) {
    return isFileFault(error, '28P01') ? false : undefined;
  }
}

async function sendSignal(place: Place, { pid }: Server, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await commandOf(pid))?.includes(place.clusterDir)) return false;
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (isFileFault(error, 'ESRCH')) return false;
    throw error;
  }
}

/** The pid file goes as the server's last act; its process may stay listed where nobody collects the dead. */
async function hasEnded({ clusterDir }: Place, { pid }: Server): Promise<boolean> {
  return !(await isAlive(pid)) || Number((await readLines(join(clusterDir, 'postmaster.pid')))?.[0]) !== pid;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function readLines(file: string): Promise<readonly string[] | undefined> {
  try {
    return (await readFile(file, 'utf8')).split('\n');
  } catch (error) {
    if (isFileFault(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function lastWords(log: string): string {
  const lines = log.trim().split('\n');
  return (
    lines
      .findLast((line) => /FATAL|PANIC|ERROR|error while loading/.test(line))
      ?.replace(/^.*?\b(FATAL|PANIC|ERROR): +/, '') ??
    lines.at(-1) ??
    ''
  );
}
