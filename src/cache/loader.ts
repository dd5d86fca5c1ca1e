import type { Breaker } from './breaker.js';
import type { Codec } from './codec.js';
import { sealEntry } from './entry.js';
import type { FencedFlight, FencedFlights, Loaded, QueuedFlights, Shared } from './flights.js';
import type { Slots } from './slots.js';
import { EntryRefused } from './store.js';
import type { Store } from './store.js';
import type { CacheEvent } from './types.js';
import { missingFrom } from './validity.js';
import type { TagHints, Visit } from './visit.js';

export interface LoaderDeps {
  readonly store: Store;
  readonly breaker: Breaker;
  readonly codec: Codec;
  readonly flights: FencedFlights;
  readonly queued: QueuedFlights;
  readonly slots: Slots;
  readonly hints: TagHints;
  readonly emit: (event: CacheEvent) => void;
  readonly now: () => number;
  /** Longer entries are not stored, characters. */
  readonly entryLengthMax: number;
  /** Longer values are stored compressed, bytes in wire format. */
  readonly compressAboveBytes: number;
}

/** Runs the caller's loads. */
export interface Loader {
  /** Loads as the flight others may join, and stores what came. */
  fill(visit: Visit, fence: Pick<FencedFlight, 'generation' | 's0'>): Promise<Filled>;
  /** @throws Error when the caller is itself a part of the load it is about to wait for */
  refuseOwnLoad(visit: Visit): void;
  /** Loads without storing; shared by readers that began before the load did. */
  share(visit: Visit): Promise<Shared>;
  /** Loads for this visit only. */
  alone(visit: Visit): Promise<unknown>;
  tick(): number;
  /** Resolves when every entry sent to the store has arrived or failed. */
  settled(): Promise<void>;
}

export interface Filled {
  readonly loaded: Loaded;
  readonly unserializable: boolean;
}

export function createLoader(deps: LoaderDeps): Loader {
  const { queued, slots } = deps;
  const storing = new Set<Promise<void>>();
  const store = (visit: Visit, flight: FencedFlight, loaded: Loaded): void => {
    const stored = keep(deps, visit, flight, loaded);
    storing.add(stored);
    void stored.finally(() => {
      deps.flights.remove(visit.flightName, flight);
      storing.delete(stored);
    });
  };
  const refuseOwnLoad = (visit: Visit): void => {
    if (slots.isLoading(visit.flightName)) throw new Error(`the load of "${visit.request.key}" reads its own key`);
  };
  return {
    refuseOwnLoad,
    tick: queued.tick,
    fill(visit, fence) {
      const work = load(deps, visit).then((fresh) => {
        const filled = encoded(deps, visit, fresh);
        // Sent before any reader has the value, so that whoever has it finds the entry with the next look.
        store(visit, flight, filled.loaded);
        return filled;
      });
      const flight: FencedFlight = { ...fence, done: work.then(({ loaded }) => loaded) };
      deps.flights.put(visit.flightName, flight);
      flight.done.catch(() => deps.flights.remove(visit.flightName, flight));
      return work;
    },
    async share(visit) {
      refuseOwnLoad(visit);
      return queued.share(visit.flightName, visit.began, async (started, isShared) => {
        const fresh = await load(deps, visit, started);
        return isShared() ? encoded(deps, visit, fresh).loaded : fresh;
      });
    },
    alone: async (visit) => reported(deps, visit, visit.request.load),
    settled: async () => void (await Promise.all(storing)),
  };
}

async function load(deps: LoaderDeps, visit: Visit, started: () => void = () => {}): Promise<Loaded> {
  const { request } = visit;
  return reported(deps, visit, () =>
    deps.slots.run(visit.flightName, async () => {
      started();
      const loadedAt = deps.now();
      const value = await request.load();
      const found = value === undefined ? [] : (request.tagsFound?.(value) ?? []);
      return { value, text: undefined, tags: [...new Set([...visit.tags, ...found])], loadedAt };
    }),
  );
}

async function reported<T>({ emit }: LoaderDeps, { request }: Visit, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    emit({ kind: 'load-failed', type: request.type, key: request.key, error });
    throw error;
  }
}

/** Encoded before anyone sees the value, so that what one reader does to it reaches nobody else. */
function encoded(deps: LoaderDeps, visit: Visit, loaded: Loaded): Filled {
  if (loaded.value === undefined) return { loaded, unserializable: false };
  try {
    return { loaded: { ...loaded, text: deps.codec.encode(loaded.value) }, unserializable: false };
  } catch (error) {
    notStored(deps, visit, 'unserializable', error instanceof Error ? error.message : String(error));
    return { loaded, unserializable: true };
  }
}

/** A flight that was replaced meanwhile is not stored: its entry could only push out a younger one. */
async function keep(deps: LoaderDeps, visit: Visit, flight: FencedFlight, loaded: Loaded): Promise<void> {
  const { request, entryKey } = visit;
  const leftMs = request.ttlMs - (deps.now() - loaded.loadedAt);
  if (loaded.text === undefined || leftMs <= 0 || !deps.flights.isCurrent(visit.flightName, flight)) return;
  const { generation, s0 } = flight;
  const { type, tenant, identity, compressAboveBytes = deps.compressAboveBytes } = request;
  const { tags, loadedAt, text } = loaded;
  const value = deps.codec.pack(text, compressAboveBytes);
  const entry = sealEntry({ generation, s0, loadedAt, type, tenant, identity, tags, value });
  if (entry.length > deps.entryLengthMax) {
    notStored(deps, visit, 'too-large', `${entry.length} characters, at most ${deps.entryLengthMax} are kept`);
    return;
  }
  const found = missingFrom(visit.tags, tags);
  if (found.length > 0) deps.hints.set(entryKey, found);
  try {
    await deps.breaker.run(() => deps.store.put(entryKey, entry, leftMs));
  } catch (error) {
    // Anything else is the loss of the store, which the breaker has announced.
    if (error instanceof EntryRefused) notStored(deps, visit, 'refused', error.message);
  }
}

function notStored(
  { emit }: LoaderDeps,
  { request }: Visit,
  why: 'unserializable' | 'too-large' | 'refused',
  detail: string,
): void {
  emit({ kind: 'not-stored', why, type: request.type, key: request.key, detail });
}
