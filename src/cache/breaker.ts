import { setTimeout as delay } from 'node:timers/promises';
import { createInFlight } from './in-flight.js';
import { createOutage } from './outage.js';
import { CacheUnavailable } from './store.js';
import type { Occasion, Store } from './store.js';
import type { CacheEvent } from './types.js';

/**
 * Stands between the engine and its store and decides whether the store may be used:
 *
 *   opening, lost ──(handshake)──> catching-up ──(replay, after a loss twice; fence)──> ready        any failure or closed connection ──> lost
 *
 * Guarantee: whoever was told that a bump failed was told before the `replay` that follows begins, and nothing is a hit
 * between that failure and the end of that replay.
 */
export interface Breaker {
  isReady(): boolean;
  /** Whether bumps and announcements can be sent. Also true while catching up: `replay` is made of bumps. */
  takesBumps(): boolean;
  /** Resolves when the first attempt to reach the store has ended, well or not, or has taken too long. Never rejects. */
  readonly opened: Promise<void>;
  /** The same for bumps: resolves as soon as the first attempt takes them. */
  readonly reached: Promise<void>;
  /** Runs `command` when ready. @throws CacheUnavailable at once when not, or as soon as the store is lost meanwhile */
  run<T>(command: () => Promise<T>): Promise<T>;
  /** The same whenever bumps are taken. */
  runBump<T>(command: () => Promise<T>): Promise<T>;
  /**
   * The store lost its generation while connected: makes a new one, once for all who noticed. Resolves when it is made or
   * the store is lost; never rejects.
   */
  regenerate(): Promise<void>;
  /** Whether the store may drop tags and announcements under memory pressure. */
  mayForget(): boolean;
  /** In words, for the operator. */
  describe(): string;
  /** Resolves when the replay under way, if any, has ended. */
  close(): Promise<void>;
}

export interface BreakerDeps {
  readonly store: Store;
  readonly replay: (() => Promise<void>) | undefined;
  /** Resolves when every announced write that was under way at the call has ended. */
  readonly settled: () => Promise<void>;
  readonly emit: (event: CacheEvent) => void;
  readonly openWaitMsMax: number;
  readonly retryMsMax: number;
  readonly settleMs: number;
}

export function createBreaker(deps: BreakerDeps): Breaker {
  const line = createLine(deps);
  let regenerating: Promise<void> | undefined;
  const breaker: Breaker = {
    isReady: () => line.phase() === 'ready',
    takesBumps: () => line.phase() === 'ready' || line.phase() === 'catching-up',
    opened: line.opened,
    reached: line.reached,
    run: (command) => line.guard(line.phase() === 'ready', command),
    runBump: (command) => line.guard(breaker.takesBumps(), command),
    regenerate() {
      regenerating ??= breaker
        .runBump(async () => void (await line.handshake('vanished')))
        .catch(knownAlready)
        .finally(() => (regenerating = undefined));
      return regenerating;
    },
    mayForget: line.mayForget,
    describe: line.describe,
    close: line.close,
  };
  return breaker;
}

/** The failure was announced where it happened and has opened the breaker; the next handshake makes up for it. */
function knownAlready(): void {}

type Phase = 'opening' | 'catching-up' | 'ready' | 'lost' | 'closed';

/** The life of the connection. */
function createLine({ store, replay, settled, emit, openWaitMsMax, retryMsMax, settleMs }: BreakerDeps) {
  const inFlight = createInFlight();
  // A replay that the closing cuts off is no news.
  const outage = createOutage((event) => phase !== 'closed' && emit(event));
  const opening = createOpening(openWaitMsMax);
  const reaching = createOpening(openWaitMsMax);
  const pause = createPause(retryMsMax);
  let phase: Phase = 'opening';
  // Rises with every loss and every fresh start, so that the late outcome of earlier work is recognised and ignored.
  let epoch = 0;
  let replaying: Promise<void> = Promise.resolve();
  let policy: string | undefined;

  /** @returns the generation that is fenced */
  async function handshake(occasion: Occasion): Promise<string | undefined> {
    const { renewed, fenced, unsafeEviction } = await store.handshake(occasion);
    if (renewed) emit({ kind: 'new-generation', ...renewed });
    if (unsafeEviction !== undefined && unsafeEviction !== policy)
      emit({ kind: 'unsafe-eviction', policy: unsafeEviction });
    policy = unsafeEviction;
    return fenced;
  }

  function lose(error: unknown): void {
    if (phase === 'closed') return;
    phase = 'lost';
    epoch += 1;
    inFlight.failAll(new CacheUnavailable('the cache store is lost', { cause: error }));
    outage.begins(error);
    opening.ends();
    reaching.ends();
    pause.thenDo(probe);
  }

  /** A store that froze and thawed never dropped its connection, so nobody but us finds out that it is back. */
  function probe(): void {
    const mine = epoch;
    const unchanged = (): boolean => mine === epoch && phase === 'lost';
    store.ping().then(
      () => unchanged() && catchUp(),
      () => unchanged() && pause.thenDo(probe),
    );
  }

  function catchUp(): void {
    if (phase === 'closed') return;
    pause.cancel();
    const mine = ++epoch;
    const current = (): boolean => mine === epoch && phase !== 'closed';
    catchUpSteps(current).catch((error: unknown) => current() && lose(error));
  }

  async function catchUpSteps(current: () => boolean): Promise<void> {
    const fenced = await handshake('connected');
    // Two replays at once could each read the outbox before the other emptied it.
    await replaying.catch(knownAlready);
    if (!current()) return;
    phase = 'catching-up';
    reaching.ends();
    if (replay) await catchUpOnBumps(replay, current);
    if (current() && fenced !== undefined) await outage.watch(() => lift(fenced));
    if (!current()) return;
    phase = 'ready';
    pause.reset();
    outage.ends();
    opening.ends();
  }

  /**
   * After a loss the other processes find the store again at their own pace, and until they have, their writes end in the
   * outbox: so hits wait for them, and the outbox is emptied once more.
   */
  async function catchUpOnBumps(replay: () => Promise<void>, current: () => boolean): Promise<void> {
    await (replaying = outage.watch(replay));
    if (!outage.isOn() || settleMs <= 0) return;
    await delay(settleMs, undefined, { ref: false });
    if (current()) await (replaying = outage.watch(replay));
  }

  async function lift(generation: string): Promise<void> {
    await settled();
    await store.lift(generation);
  }

  async function close(): Promise<void> {
    phase = 'closed';
    reaching.ends();
    pause.cancel();
    inFlight.failAll(new CacheUnavailable('the cache is closed'));
    opening.ends();
    await replaying.catch(() => {});
  }

  function guard<T>(allowed: boolean, command: () => Promise<T>): Promise<T> {
    if (!allowed) return Promise.reject(new CacheUnavailable(`the cache store is not in use: ${phase}`));
    const mine = epoch;
    return inFlight.run(command, (error) => mine === epoch && lose(error));
  }

  store.connect({ up: catchUp, down: lose });
  const describe = (): string =>
    outage.describe() ?? (policy === undefined ? phase : `${phase}; eviction ${policy} is unsafe`);
  const [opened, reached] = [opening.promise, reaching.promise];
  const mayForget = (): boolean => policy !== undefined;
  return { phase: () => phase, opened, reached, handshake, guard, mayForget, describe, close };
}

/** A promise that somebody resolves, or the time limit does. */
function createOpening(waitMsMax: number): { readonly promise: Promise<void>; ends(): void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  const timer = setTimeout(() => resolve(), waitMsMax);
  return {
    promise,
    ends() {
      clearTimeout(timer);
      resolve();
    },
  };
}

/** Waits before every further attempt: 50 ms, then twice as long each time up to the bound. */
function createPause(msMax: number) {
  let timer: NodeJS.Timeout | undefined;
  let attempts = 0;
  return {
    thenDo(action: () => void): void {
      clearTimeout(timer);
      attempts += 1;
      timer = setTimeout(action, Math.min(25 * 2 ** attempts, msMax));
      timer.unref();
    },
    cancel: (): void => clearTimeout(timer),
    reset: (): void => void (attempts = 0),
  };
}
