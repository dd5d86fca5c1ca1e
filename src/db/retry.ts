import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../kernel/index.js';
import { isBrokenConnection, isContention, unavailable } from './failures.js';
import { isStatementLost } from './statement-names.js';

export interface Retrying {
  /** Draws the pauses, at least 0 and less than 1. Default Math.random. */
  readonly random?: (() => number) | undefined;
  /** Default: a timer. */
  readonly pause?: ((ms: number) => Promise<unknown>) | undefined;
}

const attemptsMax = 4;
const firstPauseMsMax = 20;

/**
 * Runs `attempt` again, up to 3 times, when it failed only because others wanted the same rows at the same time, or because
 * its connection had lost a statement that it keeps. Before each it pauses for a time drawn evenly from nothing to 20, 40 and
 * 80 ms ("full jitter": Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015), so that those who met do not
 * meet again.
 * @throws AppError UNAVAILABLE as `Db.write` says, and what else `attempt` throws
 */
export async function withRetries<T>(attempt: () => Promise<T>, retrying: Retrying = {}): Promise<T> {
  const { random = Math.random, pause = sleep } = retrying;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (isBrokenConnection(error)) throw unknownOutcome(error);
      const isLost = isStatementLost(error) && tries < attemptsMax;
      if (!isLost && !isContention(error)) throw unavailable(error) ?? error;
      if (tries === attemptsMax) throw tooMany(error);
      await pause(random() * firstPauseMsMax * 2 ** (tries - 1));
    }
  }
}

/** Whether nobody knows if a write was committed: its connection broke at the COMMIT. */
export function isOutcomeUnknown(error: unknown): error is AppError {
  return error instanceof AppError && !error.retryable && isBrokenConnection(error.cause);
}

function unknownOutcome(cause: unknown): AppError {
  const message =
    'The connection to the database broke; the change may or may not have been made: look before you try again.';
  return new AppError('UNAVAILABLE', message, { retryable: false, cause });
}

function tooMany(cause: unknown): AppError {
  const message = 'Too many people changed the same thing at once; try again.';
  return new AppError('UNAVAILABLE', message, { retryable: true, cause });
}
