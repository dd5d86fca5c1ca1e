import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../kernel/index.js';
import { areUntold, forget, type ModelChange, type TransactionChanges } from './changes.js';
import { unitOfWork, type Tx } from './client.js';
import { outcomeOf } from './transactions.js';

/** Told of every committed change, before the writer's answer leaves. A rejection leaves the change to be told again later. */
export type CommitListener = (changes: readonly ModelChange[]) => Promise<void>;

/** Takes part in every transaction that changed rows. `token` names the transaction, for `Db.outcomeOf` too. */
export interface ChangeListener {
  /** Between the last statement and COMMIT. @throws what the writer is to fail with; the transaction is rolled back then */
  prepare(changes: readonly ModelChange[], token: string): Promise<void>;
  /** After COMMIT and before the writer's answer leaves, or after the transaction is known to be rolled back. */
  settle(changes: readonly ModelChange[], token: string, outcome: 'committed' | 'rolledBack'): Promise<void>;
  /** Committed changes, of any number of transactions, that nobody was told of in time. */
  tell(changes: readonly ModelChange[]): Promise<void>;
}

/** How changes reach those who must know. */
export interface Telling {
  add(listener: ChangeListener): void;
  /** @throws what a listener threw */
  prepare(transaction: TransactionChanges): Promise<void>;
  /**
   * Tells of a transaction that has just committed; never throws, because the commit happened. When a listener cannot be
   * told, the changes stay in row_change for the sweepers of all processes, and the writer waits a moment for one of them:
   * with its own way to the cache cut, another process still tells it before this one answers.
   */
  committed(transaction: TransactionChanges): Promise<void>;
  /**
   * Ends a transaction that failed after it was prepared: its COMMIT may have happened all the same, so the database is
   * asked. In the background; what it cannot say yet is left as it is.
   */
  failed(transaction: TransactionChanges): void;
  /** @throws what a listener threw */
  tell(changes: readonly ModelChange[]): Promise<void>;
  /** Resolves when nothing that was told is still being forgotten. */
  idle(): Promise<void>;
}

/** Longer than a sweeper of another process takes. */
const waitMsMax = 2_500;
/** After failing this long the cache is taken to be away for everybody, and writers no longer wait; so long without a failure ends it. */
const givingUpMs = 5_000;
const lookEveryMs = 100;

export function createTelling({ client, logger }: { readonly client: Tx; readonly logger: Logger }): Telling {
  const listeners: ChangeListener[] = [];
  const forgetting = createForgetting(client, logger);
  let outageBeganMs = Number.NEGATIVE_INFINITY;
  let lastFailureMs = Number.NEGATIVE_INFINITY;

  async function settle({ changes, token }: TransactionChanges, outcome: 'committed' | 'rolledBack'): Promise<void> {
    for (const listener of listeners) await listener.settle(changes, token, outcome);
  }

  async function toldByAnother(ids: readonly bigint[]): Promise<void> {
    const startedMs = performance.now();
    if (startedMs - lastFailureMs > givingUpMs) outageBeganMs = startedMs;
    lastFailureMs = startedMs;
    if (startedMs - outageBeganMs > givingUpMs) return;
    while (performance.now() - startedMs < waitMsMax && (await areUntold(client, ids))) await pause(lookEveryMs);
  }

  async function settleAsDecided(transaction: TransactionChanges): Promise<void> {
    const outcome = await outcomeOf(client, transaction.token);
    if (outcome !== 'running') await settle(transaction, outcome);
  }

  return {
    add: (listener) => void listeners.push(listener),
    async prepare({ changes, token }) {
      for (const listener of listeners) await listener.prepare(changes, token);
    },
    async committed(transaction) {
      const ids = transaction.changes.map(({ id }) => id);
      try {
        await settle(transaction, 'committed');
      } catch (error) {
        logger.debug({ err: error, changes: ids.length }, 'cache not told of a committed change yet; it will be');
        await toldByAnother(ids).catch((failure: unknown) =>
          logger.warn({ err: failure }, 'cannot see whether a change was told'),
        );
        return;
      }
      forgetting.add(ids);
    },
    failed(transaction) {
      settleAsDecided(transaction).catch((error: unknown) =>
        logger.debug({ err: error, token: transaction.token }, 'a failed write is ended by somebody else'),
      );
    },
    async tell(changes) {
      for (const listener of listeners) await listener.tell(changes);
    },
    idle: forgetting.idle,
  };
}

/** Forgets in the background, one statement at a time: what is told while one is under way goes with the next. */
function createForgetting(client: Tx, logger: Logger) {
  let waiting: bigint[] = [];
  let underWay: Promise<void> | undefined;

  async function forgetWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const ids = waiting;
      waiting = [];
      await unitOfWork
        .run(client, async () => forget(client, ids))
        .catch((error: unknown) =>
          logger.warn({ err: error }, 'told changes not forgotten yet; they will be told again'),
        );
    }
    underWay = undefined;
  }

  return {
    add(ids: readonly bigint[]): void {
      waiting.push(...ids);
      underWay ??= forgetWaiting();
    },
    idle: async () => underWay,
  };
}

/** A listener that only wants to know what was committed. */
export function listenerOf(listener: CommitListener): ChangeListener {
  return {
    prepare: async () => {},
    settle: async (changes, _token, outcome) => {
      if (outcome === 'committed') await listener(changes);
    },
    tell: listener,
  };
}
