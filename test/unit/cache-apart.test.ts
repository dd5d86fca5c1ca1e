import { describe, expect, it } from 'vitest';
import { createCaches, createMemoryStore } from '../../src/cache/index.js';
import type { Store } from '../../src/cache/index.js';
import { deferred } from '../contracts/cache.fixtures.js';

/** As a cluster does it: the entry comes from one server, and what decides about it from another, perhaps later. */
function readingApart(store: Store, between: () => Promise<void>): Store {
  return {
    ...store,
    readsApart: true,
    async look(entryKey, tags) {
      const { entry } = await store.look(entryKey, []);
      if (entry !== undefined) await between();
      return { ...(await store.lookTags(tags)), entry };
    },
  };
}

describe('a store that reads an entry apart from its tags', () => {
  it('keeps no copy nearer of an entry that was replaced between the two', async () => {
    const shared = createMemoryStore();
    const read = deferred();
    const goesOn = deferred();
    let isFirst = true;
    const store = readingApart(shared, async () => {
      if (!isFirst) return;
      isFirst = false;
      read.resolve();
      await goesOn.promise;
    });
    const [near, other] = [createCaches({ store, nearBytesMax: 1_000_000 }), createCaches({ store: shared })];
    await other.getOrSet('k', async () => 'old');
    const early = near.get('k');
    await read.promise;
    await other.set('k', 'new', { since: await other.now() });
    goesOn.resolve();
    expect(await early, 'asked before').toBe('old');
    expect(await near.get('k')).toBe('new');
    expect(await near.get('k')).toBe('new');
    await other.close();
  });
});
