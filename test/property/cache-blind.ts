import { AsyncLocalStorage } from 'node:async_hooks';
import type { ReadRequest, Store } from '../../src/cache/index.js';
import type { Shown } from './cache-world.js';

/** Ways to use a help as if it were proof, each of which the property must notice. */
export type Blindness = 'standsInUnseen' | 'waiterTakesUnseen';

/** What a reader has been through; its later looks are blind to tags when the fault says so. */
interface Path {
  isBlind: boolean;
}

const paths = new AsyncLocalStorage<Path>();

/** Runs one read, whose looks may be told apart from those of others. */
export const asReader = <T>(read: () => Promise<T>): Promise<T> => paths.run({ isBlind: false }, read);

/** A store that shows tags as never bumped to a reader that waited for another's load, as if it took what it then finds. */
export function createBlindStore(store: Store, fault: Blindness | undefined): Store {
  const path = (): Path => paths.getStore() ?? { isBlind: false };
  return {
    ...store,
    async look(entryKey, tags) {
      const { isBlind } = path();
      const look = await store.look(entryKey, tags);
      return isBlind ? { ...look, tags: look.tags.map(() => ({ seq: 0, open: 0 })) } : look;
    },
    leases: {
      ...store.leases,
      async claim(entryKey, lease, terms) {
        const standing = await store.leases.claim(entryKey, lease, terms);
        path().isBlind = fault === 'waiterTakesUnseen' && !standing.endsWith(lease.token);
        return standing;
      },
    },
  };
}

/** Whether the source is in trouble; with the fault, what stands in is not looked at. */
export function transience(fault: Blindness | undefined): Pick<ReadRequest<Shown>, 'isTransient'> {
  return {
    isTransient(error) {
      const isTransient = String(error).includes('on purpose');
      const path = paths.getStore();
      if (path && isTransient && fault === 'standsInUnseen') path.isBlind = true;
      return isTransient;
    },
  };
}
