import type { Logger } from '../kernel/index.js';
import { changesOf, readUntold, takeUntold, type ModelChange, type TransactionChanges } from './changes.js';
import {
  createClient,
  createPool,
  unitOfWork,
  type ClientOptions,
  type PoolOptions,
  type Reader,
  type Tx,
} from './client.js';
import { withRetries } from './retry.js';
import { unavailable } from './failures.js';
import { createTelling, listenerOf, type ChangeListener, type CommitListener } from './telling.js';
import { outcomeOf, runningTransactionsEnded, type Outcome } from './transactions.js';

export interface Db {
  /** Reads outside transactions. */
  readonly read: Reader;
  /**
   * Runs `work` in one transaction and commits it; nested calls join the outer transaction. A deadlock or serialization
   * failure is retried up to 3 times after short random pauses, so `work` must not act on the world outside.
   * @throws AppError UNAVAILABLE: retryable when the database cannot be reached or the retries are used up; not retryable
   * when the connection broke at the COMMIT, because then nobody knows whether it happened
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Runs `work`, which only reads, on one moment of the database: what its statements see fits together. Inside a unit of work
   * it sees what that wrote.
   */
  snapshot<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
  /**
   * As `write`, in a transaction of its own even inside another: it stays when the outer one is rolled back. It has a
   * connection that no other transaction takes; it must not want a row that the outer one has changed, and be short, because
   * those of a process come one after another.
   */
  writeApart<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Has `work` done at the end of every transaction that changed watched rows, with what it changed: what it writes is
   * committed with them, or not at all. It changes no watched rows itself.
   */
  beforeCommit(work: CommitWork): void;
  onChanges(listener: ChangeListener): void;
  onCommitted(listener: CommitListener): void;
  /**
   * Tells the listeners of changes that nobody told them of, oldest first. What one of them throws ends it, and leaves the
   * changes to be told again. `all`: not before each listener was offered everything that waits, because it hands it on to
   * several and those who hear are not to wait for one who does not. @returns how many @throws what a listener threw
   */
  tellUntold(olderThanMs: number, offers?: 'all'): Promise<number>;
  /** Shows `listener` every change that nobody told of, oldest first, and leaves them to be told. @throws what it threw */
  eachUntold(listener: (changes: readonly ModelChange[]) => Promise<void>): Promise<void>;
  /** How the transaction with this token went. */
  outcomeOf(token: string): Promise<Outcome>;
  /**
   * Resolves when every transaction that had written something by the time of the call has ended; at the latest after
   * twice the longest transaction, by when one that still runs is none of ours.
   */
  writesEnded(): Promise<void>;
  /** The connections of this process. */
  pool(): { readonly total: number; readonly idle: number; readonly waiting: number };
  close(): Promise<void>;
}

export type CommitWork = (tx: Tx, changes: readonly ModelChange[]) => Promise<void>;

export interface DbOptions extends PoolOptions, Omit<ClientOptions, 'pool'> {
  readonly logger: Logger;
  /** A transaction running longer is rolled back. Default 10,000. */
  readonly transactionTimeoutMs?: number;
  /** Draws the pauses between retries, at least 0 and less than 1. Default Math.random. */
  readonly random?: () => number;
}

interface Committed<T> {
  readonly result: T;
  /** Undefined when nothing was. */
  readonly changed: TransactionChanges | undefined;
}

const untoldBatchMax = 1000;

export function createDb(options: DbOptions): Db {
  const { logger, transactionTimeoutMs = 10_000, tracing, random } = options;
  const pool = createPool(options);
  const client = createClient({ ...options, pool });
  const telling = createTelling({ client: client as unknown as Tx, logger });
  let apart: ReturnType<typeof createClient> | undefined;
  const beforeCommit: CommitWork[] = [];
  const limits = { timeout: transactionTimeoutMs, maxWait: transactionTimeoutMs };

  const commitOnce = <T>(work: (tx: Tx) => Promise<T>, on = client): Promise<Committed<T>> => {
    const span = 'db transaction';
    return tracing ? tracing.span(span, { 'db.system.name': 'postgresql' }, () => commit(work, on)) : commit(work, on);
  };

  async function commit<T>(work: (tx: Tx) => Promise<T>, on: typeof client): Promise<Committed<T>> {
    let prepared: TransactionChanges | undefined;
    try {
      return await on.$transaction(async (transaction) => {
        const tx = transaction as unknown as Tx;
        // Awaited inside, because a Prisma promise starts only when somebody waits for it.
        const result = await unitOfWork.run(tx, async () => await work(tx));
        const changed = await unitOfWork.run(tx, async () => changesOf(tx));
        if (changed) await unitOfWork.run(tx, async () => finish(tx, changed.changes));
        prepared = changed;
        if (changed) await telling.prepare(changed);
        return { result, changed };
      }, limits);
    } catch (error) {
      if (prepared) telling.failed(prepared);
      throw error;
    }
  }

  async function finish(tx: Tx, changes: readonly ModelChange[]): Promise<void> {
    for (const work of beforeCommit) await work(tx, changes);
  }

  async function takeAndTell(olderThanMs: number): Promise<number> {
    let told = 0;
    for (;;) {
      const batch = await client.$transaction(async (transaction) => {
        const tx = transaction as unknown as Tx;
        const changes = await unitOfWork.run(tx, async () => takeUntold(tx, olderThanMs, untoldBatchMax));
        if (changes.length > 0) await telling.tell(changes);
        return changes.length;
      }, limits);
      told += batch;
      if (batch < untoldBatchMax) return told;
    }
  }

  async function eachUntold(listener: CommitListener): Promise<void> {
    for (let afterId = 0n; ;) {
      const changes = await client.$transaction(async (transaction) => {
        const tx = transaction as unknown as Tx;
        return unitOfWork.run(tx, async () => readUntold(tx, afterId, untoldBatchMax));
      }, limits);
      const last = changes.at(-1);
      if (!last) return;
      await listener(changes);
      afterId = last.id;
    }
  }

  async function writeOn<T>(on: typeof client, work: (tx: Tx) => Promise<T>): Promise<T> {
    const { result, changed } = await withRetries(() => commitOnce(work, on), { random });
    if (changed) await telling.committed(changed);
    return result;
  }

  return {
    read: client as unknown as Reader,
    async write(work) {
      const outer = unitOfWork.getStore();
      return outer ? work(outer) : writeOn(client, work);
    },
    async writeApart(work) {
      const on = (apart ??= createClient({ ...options, pool: createPool({ ...options, poolMax: 1 }) }));
      return unitOfWork.exit(async () => writeOn(on, work));
    },
    beforeCommit: (work) => void beforeCommit.push(work),
    async snapshot(work) {
      const outer = unitOfWork.getStore();
      if (outer) return work(outer as unknown as Reader);
      const options = { ...limits, isolationLevel: 'RepeatableRead' as const };
      try {
        return await client.$transaction(async (transaction) => work(transaction as unknown as Reader), options);
      } catch (error) {
        throw unavailable(error) ?? error;
      }
    },
    onChanges: telling.add,
    onCommitted: (listener) => telling.add(listenerOf(listener)),
    async tellUntold(olderThanMs, offers) {
      try {
        return await takeAndTell(olderThanMs);
      } catch (error) {
        // What is thrown here again has been thrown already.
        if (offers === 'all') await eachUntold((changes) => telling.tell(changes).catch(() => undefined));
        throw error;
      }
    },
    eachUntold,
    outcomeOf: (token) => outcomeOf(client, token),
    writesEnded: () => runningTransactionsEnded(client, 2 * transactionTimeoutMs),
    pool: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    async close() {
      await telling.idle();
      await Promise.all([client.$disconnect(), apart?.$disconnect()]);
    },
  };
}
