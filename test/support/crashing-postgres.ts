import { readFile, mkdtemp, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/db/embedded/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { startCuttableLink } from './cuttable-link.js';

/** A PostgreSQL of the test's own that keeps what it commits, at an address that outlives it. */
export interface CrashingPostgres {
  readonly url: string;
  /** SIGKILL of the postmaster: no goodbye, nothing written; its connections end. */
  kill(): Promise<void>;
  /** Recovers what was committed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startCrashingPostgres(): Promise<CrashingPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'runam-crash-'));
  await chmod(dataDir, 0o755);
  // As in production: fsync and synchronous_commit as PostgreSQL has them.
  const start = () => startEmbeddedPostgres({ dataDir, logger: silentLogger, isTemporary: true });
  let running = await start();
  const link = await startCuttableLink(portOf(running));
  const url = new URL(running.url);
  url.port = String(link.port);
  return {
    url: url.href,
    async kill() {
      const [pid] = (await readFile(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8')).split('\n');
      process.kill(Number(pid), 'SIGKILL');
    },
    async restart() {
      running = await start();
      link.leadTo(portOf(running));
    },
    async stop() {
      await link.close();
      await running.stop();
    },
  };
}

function portOf({ url }: EmbeddedPostgres): number {
  return Number(new URL(url).port);
}
