import { createCache } from '../../src/cache/index.js';
import type { Cache, CacheEvent, CacheOptions, ReadRequest, Store } from '../../src/cache/index.js';

/** One kind of store, as the contract wants to see it. */
export interface StoreFixture {
  /** Of the entries. */
  readonly prefix: string;
  /** Of every cache that is opened, when it does not say otherwise. Default 0. */
  readonly nearBytesMax?: number;
  /** A store on the state all stores of this fixture share; what a second process would open. */
  open(): Store;
  /** The clock that decides when entries of these stores expire. */
  readonly now: () => number;
  /** Returns after at least `ms` of that clock. */
  pass(ms: number): Promise<void>;
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A load that ends when told, and says when it began. */
export interface HeldLoad<T> {
  readonly load: () => Promise<T>;
  readonly begun: Promise<void>;
  finish(value: T): void;
  fail(error: Error): void;
  count(): number;
}

export function heldLoad<T>(): HeldLoad<T> {
  const begun = deferred();
  const result = deferred<T>();
  let count = 0;
  const load = (): Promise<T> => {
    count += 1;
    begun.resolve();
    return result.promise;
  };
  return { load, begun: begun.promise, finish: result.resolve, fail: result.reject, count: () => count };
}

export function readOf<V>(load: () => Promise<V>, changes: Partial<ReadRequest<V>> = {}): ReadRequest<V> {
  return { type: 'errand', key: 'errand:1', tags: ['errand:1'], tier: 'acked', ttlMs: 60_000, load, ...changes };
}

export const value =
  <V>(result: V) =>
  async (): Promise<V> =>
    result;

export const neverLoads = (): Promise<never> =>
  Promise.reject(new Error('this read was to be answered without its load'));

/** Collects the events of one kind. */
export function eventsOf<K extends CacheEvent['kind']>(cache: Cache, kind: K): Extract<CacheEvent, { kind: K }>[] {
  const seen: Extract<CacheEvent, { kind: K }>[] = [];
  cache.on((event) => {
    if (event.kind === kind) seen.push(event as Extract<CacheEvent, { kind: K }>);
  });
  return seen;
}

/** Runs `body` with a way to open caches on the fixture's shared state, and closes them all. */
export async function withCaches(
  fixture: StoreFixture,
  body: (open: (options?: Partial<CacheOptions>) => Cache) => Promise<void>,
): Promise<void> {
  const opened: Cache[] = [];
  try {
    await body((options = {}) => {
      const { prefix, now, nearBytesMax = 0 } = fixture;
      const cache = createCache({ store: fixture.open(), prefix, now, nearBytesMax, ...options });
      opened.push(cache);
      return cache;
    });
  } finally {
    await Promise.all(opened.map((cache) => cache.close()));
  }
}

/** Tries until `condition` holds, and leaves the processor to others between two looks. @throws Error after `msMax` */
export async function eventually(condition: () => Promise<boolean> | boolean, msMax = 45_000): Promise<void> {
  const deadline = Date.now() + msMax;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`did not come true within ${msMax} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
