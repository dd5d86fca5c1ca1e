import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/cache/index.js';

const stateOf = async (store: ReturnType<typeof createMemoryStore>, tag: string) =>
  (await store.lookTags([tag])).tags[0];

describe('the memory store', () => {
  it('keeps the entries used last when there are more than allowed', async () => {
    const store = createMemoryStore({ entriesMax: 2 });
    await store.put('a', 'A', 1000);
    await store.put('b', 'B', 1000);
    await store.look('a', []);
    await store.put('c', 'C', 1000);
    const kept = await Promise.all(['a', 'b', 'c'].map(async (key) => (await store.look(key, [])).entry));
    expect(kept).toEqual(['A', undefined, 'C']);
  });

  it('keeps no more bytes than allowed, keys included', async () => {
    const store = createMemoryStore({ bytesMax: 1000 });
    for (const key of ['a', 'b', 'c']) await store.put(key, 'x'.repeat(199), 1000);
    const kept = await Promise.all(['a', 'b', 'c'].map(async (key) => (await store.look(key, [])).entry?.length));
    expect(kept).toEqual([undefined, 199, 199]);
    await store.put('whale', 'x'.repeat(2000), 1000);
    expect((await store.look('whale', [])).entry).toBeUndefined();
  });

  it('counts a tag it has forgotten as bumped no earlier than it was', async () => {
    const store = createMemoryStore({ tagsMax: 10 });
    const { seq: bumped } = await store.bump(['forgotten']);
    for (let index = 0; index < 30; index++) await store.bump([`other:${index}`]);
    expect((await stateOf(store, 'forgotten'))?.seq).toBeGreaterThanOrEqual(bumped);
    expect((await stateOf(store, 'never bumped'))?.seq).toBeGreaterThanOrEqual(bumped);
    expect((await stateOf(store, 'other:29'))?.seq).toBe((await store.look('', [])).seq);
  });

  it('forgets by the last bump of a tag, not by its first', async () => {
    const store = createMemoryStore({ tagsMax: 10 });
    for (let index = 0; index < 10; index++) await store.bump([`tag:${index}`]);
    const { seq: again } = await store.bump(['tag:0']);
    await store.bump(['one too many']);
    expect((await stateOf(store, 'tag:0'))?.seq).toBe(again);
    expect((await stateOf(store, 'never bumped'))?.seq).toBeLessThan(again);
  });

  it('lets an entry made after the forgetting be valid', async () => {
    const store = createMemoryStore({ tagsMax: 4 });
    for (let index = 0; index < 20; index++) await store.bump([`tag:${index}`]);
    const { seq, tags } = await store.look('', ['tag:0']);
    expect(tags[0]?.seq).toBeLessThanOrEqual(seq);
  });
});
