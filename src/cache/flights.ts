import { AsyncResource } from 'node:async_hooks';
import type { Patience } from './lease.js';
import type { Stamp } from './near.js';
import type { Look } from './store.js';
import { unmovedSince } from './validity.js';
import type { Visit } from './visit.js';

/** What a load brought, as seen by those who share it. */
export interface Loaded {
  /** The very object `load` returned, for the reader that ran it. */
  readonly value: unknown;
  /** In wire format; undefined when there is nothing to copy from, or no way to. */
  readonly text: string | undefined;
  readonly tags: readonly string[];
  /** Wall-clock milliseconds. */
  readonly loadedAt: number;
  /** Milliseconds it took. */
  readonly costMs: number;
  /** Milliseconds it may live, counted from `loadedAt`. */
  readonly ttlMs: number;
}

/** A load under way that others may join, and the fence that says who. */
export interface FencedFlight {
  readonly generation: string;
  /** The store's logical time, read before the load began. */
  readonly s0: number;
  /** When the look was sent that read it. */
  readonly lookedAt: Stamp;
  /** For how long it may wait for another process; whoever joins may shorten it. */
  readonly patience: Patience;
  /** False while it waits for another process or for its turn. */
  hasBegun: boolean;
  /** Undefined: it loaded nothing, because another process did or does; look again. */
  readonly done: Promise<Loaded | undefined>;
}

/** Loads that will be stored, at most one to join per name. */
export interface FencedFlights {
  /**
   * The flight this reader may join, if it began after every bump that must be seen: same generation, and no tag of `look`
   * moved since. Tags that only the value will name are the reader's to check afterwards.
   */
  joinable(visit: Visit, look: Look): FencedFlight | undefined;
  /** Replaces the flight under `name`; the one replaced serves those who joined it and is forgotten. */
  put(name: string, flight: FencedFlight): void;
  has(name: string): boolean;
  isCurrent(name: string, flight: FencedFlight): boolean;
  remove(name: string, flight: FencedFlight): void;
}

export function createFencedFlights(): FencedFlights {
  const flights = new Map<string, FencedFlight>();
  return {
    joinable(visit, look) {
      const flight = flights.get(visit.flightName);
      if (!flight || flight.generation !== look.generation) return undefined;
      // The tier `ttl` asks for the tags it is cleared by; with a floor for more, which only makes it load anew.
      return unmovedSince(flight.s0, look.tags) ? flight : undefined;
    },
    put: (name, flight) => void flights.set(name, flight),
    has: (name) => flights.has(name),
    isCurrent: (name, flight) => flights.get(name) === flight,
    remove: (name, flight) => void (flights.get(name) === flight && flights.delete(name)),
  };
}

/**
 * Loads shared without a fence, for when the store cannot be asked: per name one load under way and one that waits for
 * it. A reader that came after a load began shares the next one, so it never gets data older than its own beginning.
 */
export interface QueuedFlights {
  /** @param began from `tick`, taken when the reader began */
  share(name: string, began: number, load: SharedLoad): Promise<Shared>;
  /** Whether a load of this name has not begun yet. */
  isWaiting(name: string): boolean;
  /** Orders beginnings within this process. */
  tick(): number;
}

/** @param started to be called when the load begins; @param isShared whether more than one reader will get the value */
export type SharedLoad = (started: () => void, isShared: () => boolean) => Promise<Loaded>;

export interface Shared {
  readonly loaded: Loaded;
  /** Whether another reader's load was used. */
  readonly joined: boolean;
}

interface QueuedFlight {
  begunAt: number | undefined;
  readers: number;
  readonly start: () => void;
  readonly done: Promise<Loaded>;
}

export function createQueuedFlights(): QueuedFlights {
  const lanes = new Map<string, QueuedFlight[]>();
  let ticks = 0;
  const tick = (): number => ++ticks;

  const leave = (name: string, lane: QueuedFlight[]): void => {
    lane.shift();
    const next = lane[0];
    if (next) next.start();
    else lanes.delete(name);
  };

  const enter = (name: string, lane: QueuedFlight[], load: SharedLoad): QueuedFlight => {
    const flight = createFlight(load, tick);
    lane.push(flight);
    if (lane.length === 1) flight.start();
    const left = (): void => leave(name, lane);
    flight.done.then(left, left);
    return flight;
  };

  return {
    tick,
    async share(name, began, load) {
      const lane = lanes.get(name) ?? [];
      lanes.set(name, lane);
      const found = lane.find((flight) => flight.begunAt === undefined || flight.begunAt > began);
      const flight = found ?? enter(name, lane, load);
      flight.readers += 1;
      return { loaded: await flight.done, joined: found !== undefined };
    },
    isWaiting: (name) => (lanes.get(name) ?? []).some((flight) => flight.begunAt === undefined),
  };
}

function createFlight(load: SharedLoad, tick: () => number): QueuedFlight {
  let start: () => void = () => {};
  const done = new Promise<Loaded>((resolve, reject) => {
    // Bound here: it is started from the end of another reader's load and must not run as a part of it.
    start = AsyncResource.bind(() => {
      load(
        () => (flight.begunAt = tick()),
        () => flight.readers > 1,
      ).then(resolve, reject);
    });
  });
  const flight: QueuedFlight = { begunAt: undefined, readers: 0, start: () => start(), done };
  return flight;
}
