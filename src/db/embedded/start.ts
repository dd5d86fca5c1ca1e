import { mkdir, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import type { Logger } from '../../kernel/index.js';
import { findBinaries } from './binaries.js';
import { createCluster, ensurePassword, hasCluster } from './cluster.js';
import { EmbeddedPostgresError, explained } from './embedded.error.js';
import { type Hold, holdServer } from './hold.js';
import { type Place, preparePlace, removeStaged } from './place.js';
import { isAlive, poll } from './processes.js';
import { becomesReady, findRunning, launch, type Server, stopServer, urlOf } from './server.js';
import { withStartLock } from './start.lock.js';
import { startWatchdog, type Watchdog } from './watchdog.js';

export interface EmbeddedPostgresOptions {
  /** The folder for everything that lasts; the database stands in `postgres/` inside it. Made when missing. */
  readonly dataDir: string;
  readonly logger: Logger;
  /** Told before each step that can take a while. */
  readonly onProgress?: (step: string) => void;
  /** Server settings beside our own (`fsync: 'off'`); they count when this call starts the server. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The data folder goes with the server, also when this process is killed. Default false. */
  readonly isTemporary?: boolean;
}

export interface EmbeddedPostgres {
  /** Connects as the owner of the database `runam`. Holds the password: never log it. */
  readonly url: string;
  /** Ends the server and returns when it has ended; it stays while another process of this folder uses it. May be repeated. */
  stop(): Promise<void>;
}

interface Running {
  readonly server: Server;
  readonly hold: Hold;
  readonly watchdog: Watchdog;
}

const databaseName = 'runam';
const stoppingMsMax = 60_000;

/**
 * Brings up a PostgreSQL of our own in `dataDir`, without installing anything on the system: makes the cluster on the
 * first start, joins the server that another process of the same folder runs, and adopts one whose process was killed.
 * Listens on a free loopback port, for one user with a random password.
 * @throws EmbeddedPostgresError in one sentence: what is in the way, and the way round
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return explained('The embedded database cannot use its folder', async () => {
    const homeDir = await makeHome(options.dataDir);
    const running = await withStartLock(join(homeDir, 'start.lock'), () => startOrJoin(homeDir, options));
    const { place, password, server } = running;
    let stopping: Promise<void> | undefined;
    return {
      url: urlOf(server, password, databaseName),
      stop: () => (stopping ??= stop(place, running, options)),
    };
  });
}

async function makeHome(dataDir: string): Promise<string> {
  const homeDir = join(resolve(dataDir), 'postgres');
  // Passable for others, because the server may run as another user (else it is staged); what is secret is closed by itself.
  await mkdir(homeDir, { recursive: true, mode: 0o755 });
  return realpath(homeDir);
}

async function startOrJoin(
  homeDir: string,
  options: EmbeddedPostgresOptions,
): Promise<Running & { readonly place: Place; readonly password: string }> {
  const place = await preparePlace(homeDir, await findBinaries(), options.logger);
  const clusterExists = await hasCluster(place);
  const password = await ensurePassword(join(homeDir, 'password'), clusterExists);
  if (!clusterExists) {
    options.onProgress?.('Making the database cluster (first start only)');
    await createCluster(place, password, { isTemporary: options.isTemporary ?? false });
  }
  const running = await poll(() => tryStartOrJoin(homeDir, place, password, options), { waitMsMax: stoppingMsMax });
  if (running === undefined)
    throw new EmbeddedPostgresError(
      'The embedded PostgreSQL of this folder has been stopping for a minute; try again.',
    );
  await ensureDatabase(running.server, password);
  return { ...running, place, password };
}

/** Undefined: the server we found is being stopped by its last holder. */
async function tryStartOrJoin(
  homeDir: string,
  place: Place,
  password: string,
  options: EmbeddedPostgresOptions,
): Promise<Running | undefined> {
  const found = await findHealthy(place, password, options.logger);
  if (found === undefined) options.onProgress?.('Starting PostgreSQL');
  const server = found ?? (await launch(place, password, join(homeDir, 'server.log'), options.settings));
  const watchdog = await startWatchdog({
    holdersDir: join(homeDir, 'holders'),
    clusterDir: place.clusterDir,
    serverPid: server.pid,
    removeDirs: options.isTemporary
      ? [options.dataDir, ...(place.stagedDir === undefined ? [] : [place.stagedDir])]
      : [],
  });
  const hold = await tryHold(server, password, options.logger);
  if (hold === undefined) {
    await watchdog.dismiss();
    return undefined;
  }
  return { server, hold, watchdog };
}

async function findHealthy(place: Place, password: string, logger: Logger): Promise<Server | undefined> {
  const found = await findRunning(place);
  if (found === undefined) return undefined;
  if (await becomesReady(found, password)) {
    logger.debug({ pid: found.pid, port: found.port }, 'Joining the PostgreSQL that already runs in this folder');
    return found;
  }
  // One that ended while we asked was being stopped by its last holder.
  if (!(await isAlive(found.pid))) return undefined;
  logger.warn({ pid: found.pid }, 'A PostgreSQL was left behind in this folder and does not answer; stopping it.');
  await stopServer(place, found);
  return undefined;
}

/** A server that goes away between its answer and our claim is one that is being stopped. */
async function tryHold(server: Server, password: string, logger: Logger): Promise<Hold | undefined> {
  try {
    return await holdServer(server, password, (error) => {
      logger.error(
        { err: error, pid: server.pid },
        'The embedded PostgreSQL has ended unexpectedly; start RunAm again.',
      );
    });
  } catch (error) {
    logger.debug({ err: error }, 'The PostgreSQL of this folder went away while joining it');
    return undefined;
  }
}

async function ensureDatabase(server: Server, password: string): Promise<void> {
  const client = new Client({ connectionString: urlOf(server, password, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`);
  } finally {
    await client.end();
  }
}

async function stop(
  place: Place,
  { server, hold, watchdog }: Running,
  { dataDir, isTemporary, logger }: EmbeddedPostgresOptions,
): Promise<void> {
  const isLast = await isLastHolder(hold, logger);
  if (isLast) await stopServer(place, server);
  else logger.info({ pid: server.pid }, 'The embedded PostgreSQL stays: another process of this folder uses it');
  await watchdog.dismiss();
  if (isLast && isTemporary) {
    await removeStaged(join(await realpath(dataDir), 'postgres'));
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** A server that cannot be asked any more has no holders either. */
async function isLastHolder(hold: Hold, logger: Logger): Promise<boolean> {
  try {
    const isLast = await hold.release();
    if (!isLast) await hold.close();
    return isLast;
  } catch (error) {
    logger.debug({ err: error }, 'The embedded PostgreSQL had ended before it was told to');
    return true;
  }
}
