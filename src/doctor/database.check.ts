import type { Config } from '../config/index.js';
import { createDb, type Db } from '../db/index.js';
import { silentLogger } from '../kernel/index.js';
import { examineClock } from './clock.check.js';
import { fail, ok, warn, type Finding } from './finding.js';
import { examineJobs } from './jobs.check.js';
import { examinePayouts } from './payouts.check.js';

/** The oldest major version that the migrations are written for. */
const oldestMajor = 14;

export async function examineDatabase({ database, dataDir }: Config, now: () => number): Promise<readonly Finding[]> {
  if (database.url === undefined) return [ok('postgres', `embedded, in ${dataDir}; it starts with the server`)];
  const db = createDb({ url: database.url, logger: silentLogger, poolMax: 1 });
  try {
    const startedMs = now();
    const [server] = await db.read.$queryRaw<{ version: string; now: Date }[]>`
      SELECT current_setting('server_version') AS version, clock_timestamp() AS now`;
    const middleMs = (startedMs + now()) / 2;
    return [
      examineVersion(server?.version ?? ''),
      ...(server ? [examineClock('postgres clock', server.now.getTime(), middleMs)] : []),
      await examineTables(db),
      await examineJobs(db, new Date(now())),
      await examinePayouts(db, new Date(now())),
    ];
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [fail('postgres', detail.trim(), 'Start PostgreSQL, or correct DATABASE_URL.')];
  } finally {
    await db.close();
  }
}

function examineVersion(version: string): Finding {
  if (Number.parseInt(version, 10) >= oldestMajor) return ok('postgres', `version ${version}`);
  return fail('postgres', `version ${version}`, `Use PostgreSQL ${oldestMajor} or later.`);
}

async function examineTables({ read }: Db): Promise<Finding> {
  const [found] = await read.$queryRaw<{ tables: bigint }[]>`
    SELECT count(*) AS tables FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'tenant'`;
  if (found?.tables !== 1n)
    return warn('markets', 'no tables yet', 'They are made by "runam migrate", or when the server starts.');
  const markets = await read.tenant.count();
  if (markets > 0) return ok('markets', `${markets}`);
  return warn(
    'markets',
    'none: every request will be answered NOT_FOUND',
    'Open one with "runam market open", or start with SEED_DEMO=true.',
  );
}
