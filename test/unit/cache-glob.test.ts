import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/cache/index.js';

async function matches(pattern: string, key: string): Promise<boolean> {
  const store = createMemoryStore();
  await store.put(key, 'x', 60_000);
  return (await store.scan(pattern, 1)).length === 1;
}

describe('patterns of keys', () => {
  it.each([
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*ab', 'aab', true],
    ['a**', 'a', true],
    ['?*', '', false],
    ['[^a-c]x', 'dx', true],
    ['[c-a]x', 'bx', true],
    ['[]x', 'x', false],
    ['[^]x', 'ax', true],
    ['[ab', '[ab', true],
    [String.raw`\*`, '*', true],
    [String.raw`\*`, 'a', false],
    ['a.c', 'abc', false],
    ['a*c', 'a\nc', true],
  ])('takes %s for %s: %s', async (pattern, key, expected) => {
    expect(await matches(pattern, key)).toBe(expected);
  });

  it('take steps in proportion to key and pattern, so that no pattern stops the process', async () => {
    // One step more for each way to share the key among the stars would be more than there are seconds in a year.
    expect(await matches(`${'*?'.repeat(40)}z`, 'errand_list:'.repeat(20))).toBe(false);
    expect(await matches(`${'*?'.repeat(40)}:`, 'errand_list:'.repeat(20))).toBe(true);
  });
});
