import { AsyncLocalStorage } from 'node:async_hooks';

/** Bounds how many loads of one cache run at once, so that a lost store does not become a flood on the database. */
export interface Slots {
  /**
   * Runs `load` when a slot is free, in order of arrival. A load started inside another load never waits: it would hold
   * one slot and wait for a second one, and enough of those wait for each other for ever.
   * @param name what is loaded, for `isLoading`
   */
  run<T>(name: string, load: () => Promise<T>): Promise<T>;
  /** Whether the calling code is itself part of a load of `name`, and so must not wait for it. */
  isLoading(name: string): boolean;
  /** Whether the calling code is part of any load that holds a slot here. */
  isInside(): boolean;
}

export function createSlots(loadsMax: number): Slots {
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
  const slots: Slots = {
    async run(name, load) {
      const outer = chain.getStore();
      const inner: Link = { name, owner: slots, outer };
      if (slots.isInside()) return chain.run(inner, load);
      await acquire();
      try {
        return await chain.run(inner, load);
      } finally {
        release();
      }
    },
    isLoading: (name) => find(chain.getStore(), (link) => link.owner === slots && link.name === name),
    isInside: () => find(chain.getStore(), (link) => link.owner === slots),
  };
  return slots;
}

/** The loads the running code is part of, innermost first. One for all caches: each storage slows every promise down. */
const chain = new AsyncLocalStorage<Link>();

interface Link {
  readonly name: string;
  readonly owner: Slots;
  readonly outer: Link | undefined;
}

function find(from: Link | undefined, matches: (link: Link) => boolean): boolean {
  for (let link = from; link; link = link.outer) if (matches(link)) return true;
  return false;
}
