import type { Cache } from '../cache/index.js';
import type { ModelChange } from '../db/index.js';
import { tagsSpoiledBy } from './spoils.js';

export interface Invalidator {
  /** Resolves once no reader anywhere can be shown what was cached before the changes. Rejects when the cache cannot be told. */
  spoil(changes: readonly ModelChange[]): Promise<void>;
}

/** The bell-board: hears which rows changed and tells the cache which tags that spoils. */
export function createInvalidator({ cache }: { readonly cache: Pick<Cache, 'bump'> }): Invalidator {
  return {
    async spoil(changes) {
      const spoiled = tagsSpoiledBy(changes);
      if (spoiled.length > 0) await cache.bump(spoiled);
    },
  };
}
