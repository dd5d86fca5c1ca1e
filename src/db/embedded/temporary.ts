import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../kernel/index.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './start.js';

/** Trades what a crash would cost for speed: its rows are thrown away anyway. */
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

/** An empty PostgreSQL in a folder of the system's temp folder; both are gone after `stop`, or when this process dies. */
export async function startTemporaryPostgres(): Promise<EmbeddedPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'runam-'));
  // Open to pass through, so that the server's own user reaches its folder in it when root starts it.
  await chmod(dataDir, 0o755);
  return startEmbeddedPostgres({ dataDir, logger: silentLogger, settings, isTemporary: true });
}
