import type { Aging } from './aging.js';
import type { Breaker } from './breaker.js';
import type { Codec } from './codec.js';
import type { Costs } from './costs.js';
import { sealEntry } from './entry.js';
import type { Entry } from './entry.js';
import type { FencedFlight, FencedFlights, Loaded, QueuedFlights, Shared } from './flights.js';
import type { Hold, Leasing } from './lease.js';
import { absenceOf, nameOf } from './negative.js';
import type { Near } from './near.js';
import type { Slots } from './slots.js';
import { EntryRefused } from './store.js';
import type { Seen, Store } from './store.js';
import type { CacheEvent } from './types.js';
import { graceMsOf, missingFrom } from './validity.js';
import type { TagHints, Visit } from './visit.js';

export interface LoaderDeps {
  readonly store: Store;
  readonly breaker: Breaker;
  readonly codec: Codec;
  readonly flights: FencedFlights;
  readonly queued: QueuedFlights;
  readonly slots: Slots;
  readonly leasing: Leasing;
  readonly aging: Aging;
  readonly costs: Costs;
  readonly hints: TagHints;
  readonly near: Near;
  readonly emit: (event: CacheEvent) => void;
  readonly now: () => number;
  /** Longer entries are not stored, characters. */
  readonly entryLengthMax: number;
  /** Longer values are stored compressed, bytes in wire format. */
  readonly compressAboveBytes: number;
}

/** Runs the caller's loads. */
export interface Loader {
  /**
   * Loads as the flight others may join, and stores what came. Where another process fills the same entry, waits for it as
   * long as the readers' patience lasts. Undefined: nothing was loaded, look again.
   * @param waits false: for a load nobody waits for
   */
  fill(visit: Visit, look: Seen, waits: boolean): Promise<Filled | undefined>;
  /** @throws Error when the caller is itself a part of the load it is about to wait for */
  refuseOwnLoad(visit: Visit): void;
  /**
   * Whether the caller may wait for this flight. A part of a load waits for none that waits for its turn: it could be the turn
   * of the very load it is part of.
   */
  mayWaitFor(flight: FencedFlight): boolean;
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
  const send: Send = (visit, flight, entry, hold) => {
    const stored = keep(deps, visit, flight, entry, hold);
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
    fill(visit, look, waits) {
      const fence = { generation: look.generation ?? '', s0: look.seq, lookedAt: look.lookedAt };
      const patience = deps.leasing.patienceOf(visit);
      const work = deps.leasing.enter(visit, look, waits ? patience : undefined).then((hold) => {
        if (hold) return fly(deps, visit, flight, hold, send);
        // Gone before anybody looks again, who would otherwise join it once more.
        deps.flights.remove(visit.flightName, flight);
        return undefined;
      });
      const done = work.then((filled) => filled?.loaded);
      const flight: FencedFlight = { ...fence, patience, hasBegun: false, done };
      deps.flights.put(visit.flightName, flight);
      flight.done.catch(() => deps.flights.remove(visit.flightName, flight));
      return work;
    },
    mayWaitFor: ({ hasBegun }) => hasBegun || !slots.isInside(),
    async share(visit) {
      refuseOwnLoad(visit);
      if (slots.isInside() && queued.isWaiting(visit.flightName))
        return { loaded: await load(deps, visit), joined: false };
      return queued.share(visit.flightName, visit.began, async (started, isShared) => {
        const fresh = await load(deps, visit, started);
        return isShared() ? encoded(deps, visit, fresh).loaded : fresh;
      });
    },
    alone: async (visit) => reported(deps, visit, visit.request.load),
    settled: async () => void (await Promise.all(storing)),
  };
}

/** Stores what a flight brought and gives back its lease, in one go. */
type Send = (visit: Visit, flight: FencedFlight, entry: Entry | undefined, hold: Hold) => void;

/** What is sent is sent before any reader has the value, so that whoever has it finds the entry with the next look. */
async function fly(deps: LoaderDeps, visit: Visit, flight: FencedFlight, hold: Hold, send: Send): Promise<Filled> {
  const beganAt = deps.now();
  try {
    const loaded = await load(deps, visit, () => (flight.hasBegun = true));
    const filled = encoded(deps, visit, loaded);
    const entry = entryOf(visit, flight, filled.loaded);
    if (!entry) deps.leasing.learn(visit.entryKey, false);
    send(visit, flight, entry, hold);
    return filled;
  } catch (error) {
    let absence: Entry | undefined;
    try {
      absence = absenceOf(visit, flight, error, beganAt);
    } finally {
      send(visit, flight, absence, hold);
    }
    throw error;
  }
}

async function load(deps: LoaderDeps, visit: Visit, started: () => void = () => {}): Promise<Loaded> {
  const { request } = visit;
  return reported(deps, visit, () =>
    deps.slots.run(visit.flightName, async () => {
      started();
      const loadedAt = deps.now();
      const beganMs = deps.leasing.timing.nowMs();
      const value = await request.load();
      const costMs = Math.round(10 * (deps.leasing.timing.nowMs() - beganMs)) / 10;
      deps.costs.note(request.type, costMs);
      const found = value === undefined ? [] : (request.tagsFound?.(value) ?? []);
      const ttlMs = deps.aging.grant(request.ttlMs);
      return { value, text: undefined, tags: [...new Set([...visit.tags, ...found])], loadedAt, costMs, ttlMs };
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

function entryOf(visit: Visit, flight: FencedFlight, loaded: Loaded): Entry | undefined {
  const { text, tags, loadedAt, ttlMs, costMs } = loaded;
  if (text === undefined) return undefined;
  return { ...nameOf(visit, flight), tags, loadedAt, ttlMs, costMs, isAbsent: false, value: text };
}

/** A flight that was replaced meanwhile is not stored: its entry could only push out a younger one. */
async function keep(
  deps: LoaderDeps,
  visit: Visit,
  flight: FencedFlight,
  entry: Entry | undefined,
  hold: Hold,
): Promise<void> {
  const text = entry && storable(deps, visit, entry);
  if (entry) deps.leasing.learn(visit.entryKey, text !== undefined);
  const isCurrent = deps.flights.isCurrent(visit.flightName, flight);
  const stored = entry && text !== undefined && isCurrent ? put(deps, visit, flight, entry, text) : undefined;
  // Sent right behind the entry, so that who sees the lease gone finds the entry.
  await Promise.all([stored, hold.release()]);
}

function storable(deps: LoaderDeps, visit: Visit, entry: Entry): string | undefined {
  if (deps.now() - entry.loadedAt >= entry.ttlMs) return undefined;
  const { compressAboveBytes = deps.compressAboveBytes } = visit.request;
  // What an absence notes is no wire format, and short.
  const value = entry.isAbsent ? entry.value : deps.codec.pack(entry.value, compressAboveBytes);
  const text = sealEntry({ ...entry, value });
  if (text.length <= deps.entryLengthMax) return text;
  notStored(deps, visit, 'too-large', `${text.length} characters, at most ${deps.entryLengthMax} are kept`);
  return undefined;
}

async function put(
  deps: LoaderDeps,
  visit: Visit,
  { lookedAt, s0 }: FencedFlight,
  entry: Entry,
  text: string,
): Promise<void> {
  const found = missingFrom(visit.tags, entry.tags);
  if (found.length > 0) deps.hints.set(visit.entryKey, found);
  const leftMs = entry.ttlMs + (entry.isAbsent ? 0 : graceMsOf(visit.request)) - (deps.now() - entry.loadedAt);
  try {
    await deps.breaker.run(() => deps.store.put(visit.entryKey, text, leftMs));
    const { type, key } = visit.request;
    deps.emit({ kind: 'stored', type, key, length: text.length });
    deps.near.keep(visit.entryKey, entry, lookedAt, s0);
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
