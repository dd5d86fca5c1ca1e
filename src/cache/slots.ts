import { AsyncLocalStorage } from 'node:async_hooks';

/** Bounds how many loads of this process run at once, so that a lost store does not become a flood on the database. */
export interface Slots {
  /**
   * Runs `load` when a slot is free, in order of arrival. A load started inside another load never waits: it would hold
   * one slot and wait for a second one, and enough of those wait for each other for ever.
   * @param name what is loaded, for `isLoading`
   */
  run<T>(name: string, load: () => Promise<T>): Promise<T>;
  /** Whether the calling code is itself part of a load of `name`, and so must not wait for it. */
  isLoading(name: string): boolean;
}

export function createSlots(loadsMax: number): Slots {
  const chain = new AsyncLocalStorage<Chain>();
  const queue: (() => void)[] = [];
  let running = 0;
  const release = (): void => {
    const next = queue.shift();
    if (next) next();
    else running -= 1;
  };
  const acquire = async (): Promise<void> => {
    if (running >= loadsMax) return new Promise<void>((resolve) => queue.push(resolve));
    running += 1;
  };
  return {
    async run(name, load) {
      const outer = chain.getStore();
      const inner: Chain = { name, outer };
      if (outer) return chain.run(inner, load);
      await acquire();
      try {
        return await chain.run(inner, load);
      } finally {
        release();
      }
    },
    isLoading(name) {
      let link = chain.getStore();
      while (link && link.name !== name) link = link.outer;
      return link !== undefined;
    },
  };
}

interface Chain {
  readonly name: string;
  readonly outer: Chain | undefined;
}
