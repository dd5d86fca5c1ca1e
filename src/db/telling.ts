import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../kernel/index.js';
import { areUntold, forget, type ModelChange } from './changes.js';
import { unitOfWork, type Tx } from './client.js';

/** Told of every committed change, before the writer's answer leaves. A rejection leaves the change to be told again later. */
export type CommitListener = (changes: readonly ModelChange[]) => Promise<void>;

/** How committed changes reach those who must know. */
export interface Telling {
  add(listener: CommitListener): void;
  /** @throws what a listener threw */
  tell(changes: readonly ModelChange[]): Promise<void>;
  /**
   * Tells of a transaction that has just committed; never throws, because the commit happened. When a listener cannot be
   * told, the changes stay in row_change for the sweepers of all processes, and the writer waits a moment for one of them:
   * with its own way to the cache cut, another process still tells it before this one answers.
   */
  committed(changes: readonly ModelChange[]): Promise<void>;
}

/** Longer than a sweeper of another process takes. */
const waitMsMax = 2_500;
/** After failing this long the cache is taken to be away for everybody, and writers no longer wait; so long without a failure ends it. */
const givingUpMs = 5_000;
const lookEveryMs = 100;

export function createTelling({ client, logger }: { readonly client: Tx; readonly logger: Logger }): Telling {
  const listeners: CommitListener[] = [];
  let outageBeganMs = Number.NEGATIVE_INFINITY;
  let lastFailureMs = Number.NEGATIVE_INFINITY;

  async function tell(changes: readonly ModelChange[]): Promise<void> {
    for (const listener of listeners) await listener(changes);
  }

  async function toldByAnother(ids: readonly bigint[]): Promise<void> {
    const startedMs = performance.now();
    if (startedMs - lastFailureMs > givingUpMs) outageBeganMs = startedMs;
    lastFailureMs = startedMs;
    if (startedMs - outageBeganMs > givingUpMs) return;
    while (performance.now() - startedMs < waitMsMax && (await areUntold(client, ids))) await pause(lookEveryMs);
  }

  return {
    add: (listener) => void listeners.push(listener),
    tell,
    async committed(changes) {
      const ids = changes.map(({ id }) => id);
      try {
        await tell(changes);
      } catch (error) {
        logger.debug({ err: error, changes: ids.length }, 'cache not told of a committed change yet; it will be');
        await toldByAnother(ids).catch((failure: unknown) =>
          logger.warn({ err: failure }, 'cannot see whether a change was told'),
        );
        return;
      }
      unitOfWork
        .run(client, async () => forget(client, ids))
        .catch((error: unknown) =>
          logger.warn({ err: error }, 'told changes not forgotten yet; they will be told again'),
        );
    },
  };
}
