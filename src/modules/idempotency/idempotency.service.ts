import { AppError, invariant, requireUser, type Clock, type Viewer } from '../../kernel/index.js';
import { isOutcomeUnknown, noteAgain, type Db } from '../../db/index.js';
import { decodeAnswer, encodeAnswer } from './answer.codec.js';
import { deleteExpired, findAnswer, keepAnswer, takeKey, type KeptAnswer } from './idempotency.repo.js';
import { conflict, nameOf, requestHashOf, scopeOf, type KeyedCall } from './keyed-call.js';

export interface Answered<T> {
  readonly answer: T;
  /** An earlier call had the effect; this one had none. */
  readonly isReplay: boolean;
}

/**
 * Calls that may be repeated. A key belongs to one actor and one operation. While its record lives, the same request with
 * it has one effect and one answer, whichever processes are asked, at once or after one another, and whatever crashed in
 * between; another request with it is IDEMPOTENCY_CONFLICT and has none. A call that fails keeps nothing: its key may be
 * used again, also for another request.
 */
export interface IdempotencyService {
  /**
   * Runs `work` and keeps its answer in one transaction, which the writes of `work` join; or answers what was kept. A replay
   * tells the caches again what the first call changed, so it is answered no earlier than a write that is its own.
   * `work` may run several times (see `Db.write`), and must not act on the world outside.
   * @throws AppError UNAUTHENTICATED, IDEMPOTENCY_CONFLICT, UNAVAILABLE (always retryable: with the key the call may be
   * repeated even when it is not known whether it happened), and what `work` throws
   */
  once<T>(viewer: Viewer, call: KeyedCall, work: () => Promise<T>): Promise<Answered<T>>;
  /**
   * For work of several transactions, such as one that asks a payment provider in between. It is given the call's name, and
   * must have its effect once for a name, throw ALREADY_EXISTS when the name was used for another request, and change
   * nothing that caches show. Calls at once may each run it; all of them are given the first answer that was kept. One that
   * crashed halfway is completed when it is repeated.
   * @throws AppError UNAUTHENTICATED, IDEMPOTENCY_CONFLICT, and what `work` throws
   */
  inSteps<T>(viewer: Viewer, call: KeyedCall, work: (name: string) => Promise<Answered<T>>): Promise<Answered<T>>;
  /** Deletes the records past their time, as long as `goesOn` says so. @returns how many */
  forgetExpired(goesOn?: () => boolean): Promise<number>;
}

export interface IdempotencyServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  /** Of processes on one database, they are to differ by less than `ttlMs`. */
  readonly clock: Clock;
  /** How long a key is remembered. */
  readonly ttlMs: number;
}

const forgetBatchMax = 1000;

export function createIdempotencyService({ db, clock, ttlMs }: IdempotencyServiceDeps): IdempotencyService {
  const lifeFrom = (now: Date) => ({ now, expiresAt: new Date(now.getTime() + ttlMs) });

  return {
    async once<T>(viewer: Viewer, call: KeyedCall, work: () => Promise<T>) {
      const scope = scopeOf(requireUser(viewer), call);
      const attempt = db.write(async (tx): Promise<Answered<T>> => {
        const life = lifeFrom(clock.now());
        if (await takeKey(tx, scope, requestHashOf(call), life)) {
          const answer = await work();
          await keepAnswer(tx, scope, encodeAnswer(answer));
          return { answer, isReplay: false };
        }
        const kept = keptFor(call, await findAnswer(tx, scope, life.now));
        await noteAgain(tx, kept.changes);
        return { answer: decodeAnswer(kept.answer) as T, isReplay: true };
      });
      return attempt.catch((error: unknown) => {
        throw isOutcomeUnknown(error) ? repeatable(error) : error;
      });
    },
    async inSteps<T>(viewer: Viewer, call: KeyedCall, work: (name: string) => Promise<Answered<T>>) {
      const scope = scopeOf(requireUser(viewer), call);
      const before = await findAnswer(db.read, scope, clock.now());
      if (before) return { answer: decodeAnswer(keptFor(call, before).answer) as T, isReplay: true };
      const made = await work(nameOf(scope)).catch((error: unknown) => {
        throw error instanceof AppError && error.code === 'ALREADY_EXISTS' ? conflict(call, error) : error;
      });
      return db.write(async (tx) => {
        const life = lifeFrom(clock.now());
        if (await takeKey(tx, scope, requestHashOf(call), life)) {
          await keepAnswer(tx, scope, encodeAnswer(made.answer));
          return made;
        }
        const kept = keptFor(call, await findAnswer(tx, scope, life.now));
        return { answer: decodeAnswer(kept.answer) as T, isReplay: made.isReplay };
      });
    },
    async forgetExpired(goesOn = () => true) {
      for (let forgotten = 0; ;) {
        const count = await db.write((tx) => deleteExpired(tx, clock.now(), forgetBatchMax));
        forgotten += count;
        if (count < forgetBatchMax || !goesOn()) return forgotten;
      }
    },
  };
}

/** @throws AppError IDEMPOTENCY_CONFLICT when the key was used for another request */
function keptFor(call: KeyedCall, kept: KeptAnswer | undefined): KeptAnswer {
  invariant(kept, `the key ${call.key} was used for a ${call.operation} of which there is no record`);
  if (!requestHashOf(call).equals(kept.requestHash)) throw conflict(call);
  return kept;
}

function repeatable(cause: AppError): AppError {
  const message =
    'The connection to the database broke; the change may or may not have been made. Repeat the call with the same key: it takes effect once.';
  return new AppError('UNAVAILABLE', message, { retryable: true, cause });
}
