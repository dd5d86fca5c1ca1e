import { resolve } from 'node:path';
import {
  cacheCommands,
  CliFault,
  directDoor,
  doctorCommand,
  ledgerCommands,
  remoteDoor,
  runProgram,
  workerCommand,
  type CacheDoor,
  type Target,
  type Terminal,
} from './admin/index.js';
import { createApp } from './app.js';
import { ConfigError, ensureJwtSecret, loadEnv, type Config, type Env } from './config/index.js';
import {
  connectOrExplain,
  createDb,
  DatabaseConnectionError,
  EmbeddedPostgresError,
  MigrationError,
  PresenceConflict,
  startEmbeddedPostgres,
  takePlace,
} from './db/index.js';
import { examine } from './doctor/index.js';
import type { Logger } from './kernel/index.js';
import { verifyLedger, type LedgerVerification } from './modules/ledger/index.js';
import { createLogger } from './observability/index.js';
import { workUntilStopped } from './runam.worker.js';

export interface RunamOptions {
  /** The words behind `runam`. */
  readonly args: readonly string[];
  /** Shaped like `process.env`. */
  readonly env: Env;
  readonly terminal: Terminal;
}

/** The command line. @returns its exit code: 0 done, 1 failed or unhealthy, 2 asked for in a wrong way */
export async function runRunam({ args, env, terminal }: RunamOptions): Promise<number> {
  const known = [ConfigError, DatabaseConnectionError, EmbeddedPostgresError, MigrationError, PresenceConflict];
  return runProgram(args, {
    terminal,
    isKnown: (error) => known.some((kind) => error instanceof kind),
    groups: (exitWith) => [
      cacheCommands({ terminal, exitWith, open: (target) => open(target, env, terminal) }),
      ledgerCommands({ terminal, exitWith, verify: (knownHead) => verifyBooks(loadEnv(env), terminal, knownHead) }),
      doctorCommand({ terminal, exitWith, examine: () => examine({ env }) }),
      workerCommand({ work: () => work(loadEnv(env), terminal) }),
    ],
  });
}

function work(config: Config, terminal: Terminal): Promise<void> {
  return workUntilStopped(config, createLogger({ ...config.log, output: terminal.stderr }));
}

async function open({ url, token }: Target, env: Env, terminal: Terminal): Promise<CacheDoor> {
  if (url === undefined) return openDirectly(loadEnv(env), terminal);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CliFault('usage', '--url takes the address of a server, such as http://localhost:4000.');
  if (token === undefined)
    throw new CliFault('usage', '--url needs --token, or RUNAM_TOKEN: an access token of an admin.');
  return remoteDoor({ url, token });
}

/** A server without a door: it takes its place among the others, so a wrong Redis is refused before anything is done to it. */
async function openDirectly(config: Config, terminal: Terminal): Promise<CacheDoor> {
  if (!config.redis) {
    const where = config.cache.isEnabled ? 'in the memory of the server process' : 'nowhere, it is switched off';
    throw new CliFault(
      'usage',
      `With these settings the cache is ${where}, out of reach from here: name the server with --url and --token, or its Redis with REDIS_URL.`,
    );
  }
  const logger = createLogger({ ...config.log, output: terminal.stderr });
  const stops: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  };
  try {
    const databaseUrl = config.database.url ?? (await startEmbedded(config, logger, stops));
    const presence = await takePlace({ databaseUrl, cacheAt: config.cache.site, onLost: lostAtTheEnd });
    stops.push(() => presence.leave());
    const jwtSecret = await ensureJwtSecret({ dataDir: config.dataDir, jwtSecret: config.auth.jwtSecret });
    const app = await createApp({ config, databaseUrl, jwtSecret, logger });
    stops.push(() => app.close());
    return directDoor(app.cacheAdmin, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** A command is over before another could come in with another cache; its next statement tells of a lost database. */
function lostAtTheEnd(): void {}

/** Only reads: it neither brings the tables up to date nor takes a place among the servers. */
async function verifyBooks(
  config: Config,
  terminal: Terminal,
  knownHead: string | undefined,
): Promise<LedgerVerification> {
  const logger = createLogger({ ...config.log, output: terminal.stderr });
  const stops: (() => Promise<void>)[] = [];
  try {
    const url = config.database.url ?? (await startEmbedded(config, logger, stops));
    await requireBooks(url);
    const db = createDb({ url, logger, poolMax: 1 });
    stops.push(() => db.close());
    return await verifyLedger(db.read, knownHead === undefined ? {} : { knownHead });
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

/** @throws DatabaseConnectionError, CliFault when the database is not of this version */
async function requireBooks(databaseUrl: string): Promise<void> {
  const client = await connectOrExplain(databaseUrl);
  try {
    const { rows } = await client.query<{ found: boolean }>(`SELECT to_regclass('ledger_close') IS NOT NULL AS found`);
    if (rows[0]?.found) return;
  } finally {
    await client.end();
  }
  throw new CliFault(
    'failed',
    'This database has no sealed books yet: they are made when a server of this version starts.',
  );
}

async function startEmbedded(config: Config, logger: Logger, stops: (() => Promise<void>)[]): Promise<string> {
  const postgres = await startEmbeddedPostgres({ dataDir: resolve(config.dataDir), logger });
  stops.push(() => postgres.stop());
  return postgres.url;
}
