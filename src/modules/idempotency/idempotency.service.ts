import { AppError, invariant, requireUser, type Clock, type Viewer } from '../../kernel/index.js';
import { isOutcomeUnknown, noteAgain, type Db } from '../../db/index.js';
import { decodeAnswer, encodeAnswer } from './answer.codec.js';
import { deleteExpired, findAnswer, keepAnswer, takeKey, type KeptAnswer } from './idempotency.repo.js';
import { conflict, nameOf, requestHashOf, scopeOf, type KeyedCall, type Scope } from './keyed-call.js';

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
   * must have its effect once for a name, throw ALREADY_EXISTS when the name was used for another request, and, when it finds
   * done what caches show, note that again (`noteAgain`). Calls at once may each run it; all of them are given the first answer that was kept. One that
   * crashed halfway is completed when it is repeated.
   * @throws AppError as `once`
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

  /** In one transaction: keeps the answer that `make` gives, or finds the one that was kept. */
  const keepOrFind = <T>(scope: Scope, call: KeyedCall, make: () => Promise<Answered<T>>): Promise<Answered<T>> =>
    db.write(async (tx) => {
      const life = lifeFrom(clock.now());
      if (await takeKey(tx, scope, requestHashOf(call), life)) {
        const made = await make();
        await keepAnswer(tx, scope, encodeAnswer(made.answer));
        return made;
      }
      const kept = keptFor(call, await findAnswer(tx, scope, life.now));
      await noteAgain(tx, kept.changes);
      return { answer: decodeAnswer(kept.answer) as T, isReplay: true };
    });

  return {
    async once(viewer, call, work) {
      const scope = scopeOf(requireUser(viewer), call);
      const make = async () => ({ answer: await work(), isReplay: false });
      return keepOrFind(scope, call, make).catch(mayBeRepeated);
    },
    async inSteps<T>(viewer: Viewer, call: KeyedCall, work: (name: string) => Promise<Answered<T>>) {
      const scope = scopeOf(requireUser(viewer), call);
      const before = await findAnswer(db.read, scope, clock.now());
      if (before) return { answer: decodeAnswer(keptFor(call, before).answer) as T, isReplay: true };
      const made = await work(nameOf(scope)).catch((error: unknown) => {
        if (error instanceof AppError && error.code === 'ALREADY_EXISTS') throw conflict(call, error);
        return mayBeRepeated(error);
      });
      const { answer } = await keepOrFind(scope, call, async () => made).catch(mayBeRepeated);
      return { answer, isReplay: made.isReplay };
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

/** Without a key nobody may blindly repeat a call of which it is not known whether it happened; with one anybody may. */
function mayBeRepeated(error: unknown): never {
  if (!isOutcomeUnknown(error)) throw error;
  const message =
    'The connection to the database broke; the change may or may not have been made. Repeat the call with the same key: it takes effect once.';
  throw new AppError('UNAVAILABLE', message, { retryable: true, cause: error });
}
