import { LRUCache } from 'lru-cache';
import { createAging } from './aging.js';
import type { AgingOptions } from './aging.js';
import { createBreaker } from './breaker.js';
import { createCodec } from './codec.js';
import { createDirect } from './direct.js';
import type { Engine } from './direct.js';
import { createCosts } from './costs.js';
import { createExplainer } from './explain.js';
import { createFence } from './fence.js';
import type { Fence } from './fence.js';
import { createFencedFlights, createQueuedFlights } from './flights.js';
import { createLeasing } from './lease.js';
import type { LeasingOptions } from './lease.js';
import { createLoader } from './loader.js';
import { createLooker } from './looker.js';
import { createNearRead } from './near-read.js';
import { createNear } from './near.js';
import { createObservers } from './observers.js';
import { createPositions } from './position.js';
import { createReadThrough } from './read-through.js';
import { createRefresher } from './refresh.js';
import type { WireType } from './serializers/index.js';
import { createSlots } from './slots.js';
import { createStats } from './stats.js';
import type { Store } from './store.js';
import type { Breaker } from './breaker.js';
import type { Cache, CacheEvent, CacheHealth } from './types.js';
import { createWriting } from './writing.js';

export interface CacheOptions extends AgingOptions, LeasingOptions {
  readonly store: Store;
  /**
   * Of the entries. Caches on one store with different prefixes see different entries and hear the same bumps, which is
   * what two versions of a program with different shapes of values need.
   */
  readonly prefix: string;
  /**
   * Bumps again whatever was not bumped for certain. Runs after every new connection to the store, the first included,
   * before anything is a hit; when it rejects, reads keep bypassing and it runs again, after 50 ms to `retryMsMax`.
   */
  readonly replay?: () => Promise<void>;
  /**
   * Resolves when every announced write that was under way at the call has been committed or rolled back. Runs after the
   * store lost its state and with it the announcements; until then nothing is a hit or is stored. Default: at once, for
   * programs that announce no writes.
   */
  readonly settled?: () => Promise<void>;
  /** How many loads run at once; more wait their turn. Loads within loads do not count. Default 64. */
  readonly loadsMax?: number;
  /** Wall-clock milliseconds. Default `Date.now`. */
  readonly now?: () => number;
  /** Milliseconds of a clock that is never set, for the bound of bounded reads. Default `performance.now`. */
  readonly monotonicNow?: () => number;
  /**
   * How much of what was used a moment ago is kept in this process, decoded, so that the store is asked for its tags only;
   * bytes, estimated. Default 0: nothing.
   */
  readonly nearBytesMax?: number;
  /** Classes that may stand inside cached values. Default none. */
  readonly registerTypes?: readonly WireType[];
  /** Longer entries are not stored, characters. Default 1,048,576. */
  readonly entryLengthMax?: number;
  /** Longer values are stored compressed, bytes in wire format. Default Infinity: none. */
  readonly compressAboveBytes?: number;
  /** For how many keys the tags found in the value are remembered. Default 10,000. */
  readonly hintsMax?: number;
  /** How long the first reads and bumps wait for the first connection, milliseconds. Default 2000. */
  readonly openWaitMsMax?: number;
  /** Upper bound of the pause between two attempts to get a lost store back, milliseconds. Default 500. */
  readonly retryMsMax?: number;
  /**
   * With `replay`: how long after a lost store is back hits still wait for the other processes to find it too, and for
   * a second replay of what they could not bump meanwhile; milliseconds. Longer than their `retryMsMax`. Default 1500.
   */
  readonly settleMs?: number;
}

/** How many times longer than the longest entry a value may be that is packed into one, so that a small entry cannot fill the memory. */
const unpackedFactorMax = 8;

/** A cache on `store`, which is closed with it. Usable at once; connects in the background. */
export function createCache(options: CacheOptions): Cache {
  return createEngine(options);
}

/** The same with what the library face needs beyond reads and bumps. */
export function createEngine(options: CacheOptions): Engine {
  const {
    store,
    prefix,
    replay,
    settled = async () => {},
    loadsMax = 64,
    now = Date.now,
    monotonicNow = () => performance.now(),
    nearBytesMax = 0,
    openWaitMsMax = 2000,
    retryMsMax = 500,
    settleMs = 1500,
  } = options;
  const stats = createStats();
  const observers = createObservers();
  const emit = (event: CacheEvent): void => {
    stats.observe(event);
    observers.emit(event);
  };
  const breaker = createBreaker({ store, replay, settled, emit, openWaitMsMax, retryMsMax, settleMs });
  const fence = createFence({ store, breaker, settled, emit });
  const entryLengthMax = options.entryLengthMax ?? 2 ** 20;
  const codec = createCodec(options.registerTypes ?? [], unpackedFactorMax * entryLengthMax);
  const near = createNear({ bytesMax: nearBytesMax, codec, now, monotonicNow });
  const positions = createPositions(breaker.isReady);
  const looker = createLooker({ store, breaker, fence, positions });
  const costs = createCosts();
  const shared = {
    store,
    breaker,
    looker,
    near,
    codec,
    flights: createFencedFlights(),
    hints: new LRUCache<string, readonly string[]>({ max: options.hintsMax ?? 10_000 }),
    leasing: createLeasing({ store, breaker, costs }, options),
    aging: createAging(options),
    costs,
    emit,
    now,
  };
  const slots = createSlots(loadsMax);
  const storing = { entryLengthMax, compressAboveBytes: options.compressAboveBytes ?? Number.POSITIVE_INFINITY };
  const loader = createLoader({ ...shared, ...storing, queued: createQueuedFlights(), slots });
  const nearRead = createNearRead({ ...shared, isRemote: store.kind !== 'memory' });
  const refresher = createRefresher({ ...shared, timing: shared.leasing.timing, loader });
  const writing = createWriting({ store, breaker, near, positions, emit });
  return {
    read: createReadThrough({ ...shared, loader, refresher, prefix, nearRead, position: positions.present }),
    ...writing,
    ...createDirect({ ...shared, ...storing, bump: writing.bump, prefix }),
    position: positions.present,
    explain: createExplainer({ ...shared, prefix }),
    on: observers.add,
    stats: stats.snapshot,
    health: () => checkHealth(store, breaker, fence, prefix),
    async close() {
      await refresher.close();
      await loader.settled();
      await breaker.close();
      await store.close();
    },
  };
}

async function checkHealth(store: Store, breaker: Breaker, fence: Fence, prefix: string): Promise<CacheHealth> {
  if (store.kind === 'null') return { ok: true, store: 'null', state: 'ready', latencyMs: 0, detail: 'disabled' };
  if (!breaker.isReady()) await breaker.opened;
  const startedMs = performance.now();
  try {
    const look = await breaker.run(() => store.look(`${prefix}:e:`, []));
    fence.noticed(look);
    const state = look.generation === undefined || look.held || look.fenced ? 'quarantine' : 'ready';
    const detail = state === 'ready' ? breaker.describe() : 'the store lost its state a moment ago; hits are held back';
    return { ok: true, store: store.kind, state, latencyMs: performance.now() - startedMs, detail };
  } catch {
    // The breaker knows what went wrong, and since when.
    return { ok: false, store: store.kind, state: 'lost', latencyMs: 0, detail: breaker.describe() };
  }
}
