import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { createCodec } from './codec.js';
import { createDemotions } from './demotions.js';
import type { Demotions } from './demotions.js';
import { createObservers } from './observers.js';
import type { Observers } from './observers.js';
import { Unserializable } from './serializers/index.js';
import type { WireType } from './serializers/index.js';
import { createVerdicts } from './shadow-verdict.js';
import type { Verdicts } from './shadow-verdict.js';
import type { Cache, ReadRequest, ReadResult } from './types.js';
import { typeTag } from './visit.js';

export interface ShadowOptions {
  /** Is closed with the shadow. */
  readonly cache: Cache;
  /** Of the hits that are verified, 0 to 1. */
  readonly share: number;
  /** How many are verified at once; further ones are let go. Default 2. */
  readonly runningMax?: number;
  /** How long after its commit a write may lawfully be told to the store, milliseconds. Default 3000. */
  readonly lateMs?: number;
  /** How long a type is demoted for the first time, milliseconds; twice as long each further time. Default 600,000. */
  readonly demotedMs?: number;
  /** Default 86,400,000. */
  readonly demotedMsMax?: number;
  /** Whether what a load threw is its answer, such as "not found", and no failure to find out. Default: never. */
  readonly isAnswer?: (error: unknown) => boolean;
  /** As the cache's. */
  readonly registerTypes?: readonly WireType[];
  /** 0 to below 1. Default `Math.random`. */
  readonly random?: () => number;
  /** Monotonic milliseconds. Default `performance.now`. */
  readonly now?: () => number;
  /** Rejects when the signal is given. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * `cache` with a verifier behind it: a share of the hits is loaded again after the answer has left and compared with what was
 * shown. Who loads is the request itself, so its `load` must work more than once and after its answer. A type of which an
 * entry was certainly older than its guarantee is demoted: for a while this process reads it past the cache, and what
 * is stored of it is made invalid for all. Reads of tier `ttl` promise nothing that could be verified.
 */
export function createShadow(options: ShadowOptions): Cache {
  const { cache, share, random = Math.random, now = () => performance.now(), demotedMs = 600_000 } = options;
  const demotions = createDemotions({ firstMs: demotedMs, longestMs: options.demotedMsMax ?? 86_400_000 }, now);
  const observers = createObservers();
  const stopping = new AbortController();
  const verifier = createVerifier(options, { demotions, observers, stopping });
  const past = { bypass: 'demoted' } as const;
  return {
    ...cache,
    explain: (request) => cache.explain(demotions.has(request.type) ? { ...request, ...past } : request),
    read(request) {
      if (demotions.has(request.type)) return cache.read({ ...request, ...past });
      const reading = cache.read(request);
      if (random() >= share || request.tier === 'ttl') return reading;
      return reading.then((shown) => {
        verifier.consider(request, shown);
        return shown;
      });
    },
    on(observer) {
      const stops = [cache.on(observer), observers.add(observer)];
      return () => stops.forEach((stop) => stop());
    },
    stats: () => ({ ...cache.stats(), demoted: demotions.left() }),
    async health() {
      const health = await cache.health();
      const demoted = Object.keys(demotions.left());
      if (demoted.length === 0) return health;
      return { ...health, demoted, detail: `${health.detail}; read past the cache: ${demoted.join(', ')}` };
    },
    async close() {
      stopping.abort();
      await verifier.idle();
      await cache.close();
    },
  };
}

interface Verifier {
  /** Takes a hit for verification, if there is room. Returns at once. */
  consider<V>(request: ReadRequest<V>, shown: ReadResult<V>): void;
  idle(): Promise<void>;
}

interface Parts {
  readonly demotions: Demotions;
  readonly observers: Observers;
  readonly stopping: AbortController;
}

function createVerifier(options: ShadowOptions, { demotions, observers, stopping }: Parts): Verifier {
  const { cache, runningMax = 2 } = options;
  const { encode } = createCodec(options.registerTypes ?? []);
  const verdicts: Verdicts = createVerdicts({
    cache,
    encode,
    lateMs: options.lateMs ?? 3_000,
    isAnswer: options.isAnswer ?? (() => false),
    pause: async (ms) => (options.pause ?? pauseInSteps)(ms, stopping.signal),
  });
  // What is loaded behind an answer is no part of the request, or of the load, that the hit was for.
  const outside = AsyncLocalStorage.snapshot();
  const running = new Set<Promise<void>>();

  async function verify(
    request: ReadRequest<unknown>,
    shown: ReadResult<unknown>,
    text: string | undefined,
  ): Promise<void> {
    const verdict = text === undefined ? 'failed' : await verdicts.of(request, shown.outcome, text);
    if (verdict === undefined) return;
    const { type, key } = request;
    observers.emit({ kind: 'shadow-checked', type, key, verdict });
    const forMs = verdict === 'stale' ? demotions.start(type) : undefined;
    if (forMs === undefined) return;
    observers.emit({ kind: 'demoted', type, key, forMs });
    // Where the store cannot be reached nothing is a hit either; the cache itself says that this bump failed.
    await cache.bump([typeTag(type)]).catch(() => undefined);
  }

  /** At once, before the caller can change the value. Undefined for one that cannot be compared. */
  function shownText({ value }: ReadResult<unknown>): string | undefined {
    try {
      return encode(value);
    } catch (error) {
      if (error instanceof Unserializable) return undefined;
      throw error;
    }
  }

  return {
    consider(request, shown) {
      if (shown.outcome.asOf === undefined || running.size >= runningMax || stopping.signal.aborted) return;
      const work = outside(verify, request as ReadRequest<unknown>, shown, shownText(shown));
      running.add(work);
      void work.finally(() => running.delete(work));
    },
    idle: async () => void (await Promise.all(running)),
  };
}

const stepMs = 250;

/** In steps: when the whole machine stood still for a while, that counts as one step and those who are late get the others. */
async function pauseInSteps(ms: number, signal: AbortSignal): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
    await wait(Math.min(stepMs, leftMs), undefined, { signal, ref: false });
  }
}
