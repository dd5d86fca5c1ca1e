import type { Breaker } from './breaker.js';
import type { Fence } from './fence.js';
import type { Positions } from './position.js';
import type { Control, Look, Store } from './store.js';

/** Asks the store, and passes on what every answer says beside the point. */
export interface Looker {
  /** Undefined when the store cannot be asked; the breaker has opened by then and said why. */
  look(entryKey: string, tags: readonly string[]): Promise<Look | undefined>;
  lookTags(tags: readonly string[]): Promise<Control | undefined>;
}

export interface LookerDeps {
  readonly store: Store;
  readonly breaker: Breaker;
  readonly fence: Fence;
  readonly positions: Positions;
}

export function createLooker({ store, breaker, fence, positions }: LookerDeps): Looker {
  async function ask<T extends Control>(command: () => Promise<T>): Promise<T | undefined> {
    const turn = positions.turn();
    const control: T | undefined = await breaker.run(command).catch(() => undefined);
    if (!control) return undefined;
    if (control.generation === undefined) void breaker.regenerate();
    fence.noticed(control);
    positions.learn(turn, control);
    return control;
  }
  return {
    look: (entryKey, tags) => ask(() => store.look(entryKey, tags)),
    lookTags: (tags) => ask(() => store.lookTags(tags)),
  };
}
