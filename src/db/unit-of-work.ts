import { setTimeout as pause } from 'node:timers/promises';
import { AppError, type Logger } from '../kernel/index.js';
import { changesOf, takeUntold, type ModelChange } from './changes.js';
import { createClient, writeScope, type ClientOptions, type Reader, type Tx } from './client.js';
import { createTelling, type CommitListener } from './telling.js';

export interface Db {
  /** Reads outside transactions. */
  readonly read: Reader;
  /**
   * Runs `work` in one transaction and commits it; nested calls join the outer transaction. A deadlock or serialization
   * failure is retried up to 3 times, so `work` must not act on the world outside.
   * @throws AppError UNAVAILABLE (retryable) when the database cannot be reached or the retries are used up
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  onCommitted(listener: CommitListener): void;
  /** Tells the listeners of changes that nobody told them of, oldest first. @returns how many */
  tellUntold(olderThanMs: number): Promise<number>;
  close(): Promise<void>;
}

export interface DbOptions extends ClientOptions {
  readonly logger: Logger;
  /** A transaction running longer is rolled back. Default 10,000. */
  readonly transactionTimeoutMs?: number;
}

interface Scope {
  wrote: boolean;
  readonly tx: Tx;
}

const attemptsMax = 4;
const untoldBatchMax = 1000;
/** PostgreSQL: serialization_failure, deadlock_detected; Prisma's own name for both. */
const retryableCodes: ReadonlySet<unknown> = new Set(['40001', '40P01', 'P2034']);

export function createDb(options: DbOptions): Db {
  const { logger, transactionTimeoutMs = 10_000 } = options;
  const client = createClient(options);
  const telling = createTelling({ client: client as unknown as Tx, logger });
  const limits = { timeout: transactionTimeoutMs, maxWait: transactionTimeoutMs };

  async function commit<T>(work: (tx: Tx) => Promise<T>): Promise<{ result: T; changes: readonly ModelChange[] }> {
    return client.$transaction(async (transaction) => {
      const tx = transaction as unknown as Tx;
      const scope: Scope = { wrote: false, tx };
      // Awaited inside, because a Prisma promise starts only when somebody waits for it.
      const result = await writeScope.run(scope, async () => await work(tx));
      return { result, changes: scope.wrote ? await changesOf(tx) : [] };
    }, limits);
  }

  return {
    read: client as unknown as Reader,
    async write(work) {
      const outer = writeScope.getStore() as Scope | undefined;
      if (outer) return work(outer.tx);
      const { result, changes } = await withRetries(() => commit(work));
      if (changes.length > 0) await telling.committed(changes);
      return result;
    },
    onCommitted: telling.add,
    async tellUntold(olderThanMs) {
      let told = 0;
      for (;;) {
        const batch = await client.$transaction(async (transaction) => {
          const tx = transaction as unknown as Tx;
          const changes = await writeScope.run({ wrote: false }, () => takeUntold(tx, olderThanMs, untoldBatchMax));
          if (changes.length > 0) await telling.tell(changes);
          return changes.length;
        }, limits);
        told += batch;
        if (batch < untoldBatchMax) return told;
      }
    },
    close: () => client.$disconnect(),
  };
}

async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const code = sqlCodeOf(error);
      if (!retryableCodes.has(code)) throw unreachableDatabase(error) ?? error;
      if (tries === attemptsMax) {
        throw new AppError('UNAVAILABLE', 'Too many people changed the same thing at once; try again.', {
          retryable: true,
          cause: error,
        });
      }
      await pause(2 ** tries * 5 * (0.5 + Math.random()));
    }
  }
}

/** The SQLSTATE or Prisma code of a failed statement. */
export function sqlCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, meta, cause } = error as { code?: unknown; meta?: { code?: unknown }; cause?: unknown };
  const deeper = (cause as { originalCode?: unknown } | undefined)?.originalCode;
  const driver = (meta as { driverAdapterError?: { cause?: { originalCode?: unknown } } } | undefined)
    ?.driverAdapterError;
  const found = [driver?.cause?.originalCode, deeper, meta?.code, code].find((value) => typeof value === 'string');
  return found as string | undefined;
}

/** Prisma: P1001 cannot reach, P1002 timed out, P1008 operation timed out, P1017 closed, P2024 no free connection, P2028 transaction API. */
const unreachableCodes: ReadonlySet<unknown> = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'ECONNREFUSED',
]);

function unreachableDatabase(error: unknown): AppError | undefined {
  if (!unreachableCodes.has(sqlCodeOf(error))) return undefined;
  return new AppError('UNAVAILABLE', 'The database cannot be reached right now; try again.', {
    retryable: true,
    cause: error,
  });
}
