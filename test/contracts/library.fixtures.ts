import { createCaches } from '../../src/cache/index.js';
import type { Caches, CachesOptions, Store } from '../../src/cache/index.js';

/** One kind of store beneath the library face. */
export interface LibraryFixture {
  /** Of everything in the store. */
  readonly prefix: string;
  open(): Store;
  /** Whether values are found again; false for the store that keeps nothing. */
  readonly keeps: boolean;
  readonly now: () => number;
  /** Returns after at least `ms` of that clock. */
  pass(ms: number): Promise<void>;
}

/** Runs `body` with a way to open caches, as further processes would, on the state of the fixture, and closes them all. */
export async function withLibrary(
  { prefix, open, now }: LibraryFixture,
  body: (open: (options?: Partial<CachesOptions>) => Caches) => Promise<void>,
): Promise<void> {
  const opened: Caches[] = [];
  try {
    await body((options = {}) => {
      const caches = createCaches({ store: open(), prefix, now, ...options });
      opened.push(caches);
      return caches;
    });
  } finally {
    await Promise.all(opened.map((caches) => caches.close()));
  }
}

/** A function that counts its calls and answers 1, 2, 3 … */
export function counter(): { readonly load: () => Promise<number>; count(): number } {
  let calls = 0;
  return { load: async () => ++calls, count: () => calls };
}
