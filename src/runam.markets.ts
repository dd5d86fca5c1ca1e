import { resolve } from 'node:path';
import { CliFault, type BanksCommandsDeps, type MarketCommandsDeps, type Terminal } from './admin/index.js';
import type { Config } from './config/index.js';
import { createDb, migrate, pendingMigrations, startEmbeddedPostgres, takePlace, type Db } from './db/index.js';
import { systemClock, type Logger } from './kernel/index.js';
import { bankCountries, importBanks, readBankDirectory, syncBankCodes } from './modules/banks/index.js';
import { createMarketService, type MarketService } from './modules/markets/index.js';
import { flutterwaveBanks } from './modules/providers/index.js';
import { createPasswords } from './modules/users/index.js';
import { createLogger } from './observability/index.js';

type Stops = (() => Promise<void>)[];

const migrationsDir = resolve(import.meta.dirname, '../prisma/migrations');

/** What `runam market …` does. @param configOf reads the settings, when a command wants them */
export function marketWork(
  configOf: () => Config,
  terminal: Terminal,
): Omit<MarketCommandsDeps, 'terminal' | 'standardFees'> {
  const withMarkets = <T>(work: (markets: MarketService) => Promise<T>): Promise<T> =>
    withDatabase(configOf(), terminal, (db) =>
      work(createMarketService({ db, clock: systemClock, passwords: createPasswords() })),
    );
  return {
    knownPassword: () => configOf().markets.adminPassword,
    open: (market) => withMarkets((markets) => markets.open(market)),
    changeFees: (slug, change) => withMarkets((markets) => markets.changeFees(slug, change)),
    all: () => withMarkets((markets) => markets.all()),
  };
}

/** What `runam banks …` does. */
export function bankWork(configOf: () => Config, terminal: Terminal): Omit<BanksCommandsDeps, 'terminal'> {
  return {
    async importFile(file) {
      const directory = await readDirectory(file);
      return withDatabase(configOf(), terminal, (db) => db.write((tx) => importBanks(tx, directory, systemClock)));
    },
    async sync({ provider, country: named, write = false }) {
      const config = configOf();
      const country = bankCountries.find((one) => one === named.toUpperCase());
      if (country === undefined) throw new CliFault('usage', `--country takes ${bankCountries.join(', ')}.`);
      const rows = await listOf(config, provider, country);
      const source = `${provider}: its own list of ${systemClock.now().toISOString().slice(0, 10)}`;
      const list = { provider, country, source, rows };
      return withDatabase(config, terminal, (db) => db.write((tx) => syncBankCodes(tx, list, write, systemClock)));
    },
  };
}

/** @throws CliFault when it is none that lists its banks, is not set up, or does not answer */
async function listOf({ payments: { provider: set } }: Config, provider: string, country: string) {
  if (provider !== 'flutterwave') throw new CliFault('usage', '--provider takes flutterwave; the others need no list.');
  if (set?.name !== provider)
    throw new CliFault('usage', `Set PAYMENT_PROVIDER=${provider} and its secrets: the list is asked of it.`);
  const rows = await flutterwaveBanks(set, country);
  if (rows) return rows;
  throw new CliFault('failed', `The list of ${provider} for ${country} cannot be read now; nothing was changed.`);
}

/** Among the others on the database, as a server that starts: who may not be here must not change the tables under those who are. */
export async function bringUpToDate(config: Config, terminal: Terminal): Promise<readonly string[]> {
  return withUrl(config, terminal, async (databaseUrl, logger, stops) => {
    const presence = await takePlace({ databaseUrl, cacheAt: config.cache.site, onLost: noticedByNextStatement });
    stops.push(() => presence.leave());
    return (await migrate({ databaseUrl, migrationsDir, logger })).applied;
  });
}

/** Takes no place among the servers: it changes nothing that it does not leave to them to tell. */
function withDatabase<T>(config: Config, terminal: Terminal, work: (db: Db) => Promise<T>): Promise<T> {
  return withUrl(config, terminal, async (url, logger, stops) => {
    const missing = await pendingMigrations({ databaseUrl: url, migrationsDir });
    if (missing.length > 0) {
      const what = `${missing.length === 1 ? '1 migration is' : `${missing.length} migrations are`} missing`;
      throw new CliFault('failed', `This database is not of this version, ${what}: run "runam migrate" first.`);
    }
    const { transactionTimeoutMs } = config.database;
    const db = createDb({ url, logger, poolMax: 2, transactionTimeoutMs });
    stops.push(() => db.close());
    db.onCommitted(leftToServers);
    return work(db);
  });
}

/**
 * This process has no cache and no way to those of the servers. What it changed stays noted in the database until one of them
 * has told its cache, and the command waits for that a moment.
 */
function leftToServers(): Promise<void> {
  return Promise.reject(new Error('changed by a command: the servers tell their caches'));
}

async function withUrl<T>(
  config: Config,
  terminal: Terminal,
  work: (databaseUrl: string, logger: Logger, stops: Stops) => Promise<T>,
): Promise<T> {
  const logger = createLogger({ ...config.log, output: terminal.stderr });
  const stops: Stops = [];
  try {
    return await work(config.database.url ?? (await startEmbedded(config, logger, stops)), logger, stops);
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

async function startEmbedded(config: Config, logger: Logger, stops: Stops): Promise<string> {
  const postgres = await startEmbeddedPostgres({ dataDir: resolve(config.dataDir), logger });
  stops.push(() => postgres.stop());
  return postgres.url;
}

/** A command is over before another process could come in; its next statement tells of a lost database. */
function noticedByNextStatement(): void {}

const unreadable: ReadonlySet<unknown> = new Set(['ENOENT', 'EISDIR', 'EACCES', 'ENOTDIR']);

async function readDirectory(file: string | undefined): Promise<Awaited<ReturnType<typeof readBankDirectory>>> {
  try {
    return await readBankDirectory(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!unreadable.has(code)) throw error;
    throw new CliFault(
      'usage',
      `${file} cannot be read (${code}); name a bank directory file, such as prisma/data/banks.json.`,
    );
  }
}
