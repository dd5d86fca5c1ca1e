import { createMemoryStore } from '../../src/cache/index.js';
import type { Control, Store } from '../../src/cache/index.js';

/** A store, and a copy of it that hears of its changes only when told to. */
export interface LaggingStores {
  readonly primary: Store;
  /** Takes entries, as if it were a primary to its readers; nobody writes through it. */
  readonly replica: Store;
  replicate(): Promise<void>;
}

export function createLaggingStores(): LaggingStores {
  const [first, second] = [createNamed(), createNamed()];
  const missing: (() => Promise<unknown>)[] = [];
  const onBoth = async <T>(command: (store: Store) => Promise<T>): Promise<T> => {
    const reply = await command(first);
    missing.push(() => command(second));
    return reply;
  };
  return {
    primary: {
      ...first,
      put: (entryKey, entry, ttlMs) => onBoth((store) => store.put(entryKey, entry, ttlMs)),
      bump: (tags) => onBoth((store) => store.bump(tags)),
      renew: () => onBoth((store) => store.renew()),
    },
    replica: second,
    async replicate() {
      for (const command of missing.splice(0)) await command();
    },
  };
}

/** A memory store that names its generations by counting, so that two of them name them alike. */
function createNamed(): Store {
  const store = createMemoryStore();
  let count = 1;
  const named = <T extends Pick<Control, 'generation'>>(reply: T): T => ({ ...reply, generation: `g${count}` });
  // Entries of both carry these names, so what the inner store forgets with its generation is forgotten by name.
  return {
    ...store,
    look: async (entryKey, tags) => named(await store.look(entryKey, tags)),
    lookTags: async (tags) => named(await store.lookTags(tags)),
    bump: async (tags) => {
      const { seq } = await store.bump(tags);
      return { generation: `g${count}`, seq };
    },
    async renew() {
      await store.renew();
      count += 1;
    },
  };
}
