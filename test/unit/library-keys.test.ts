import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalArguments } from '../../src/cache/index.js';

const part = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: false,
  withSparseArray: false,
  withTypedArray: false,
  maxDepth: 3,
});
/** Lists of arguments without undefined at the end, where it says nothing. */
const list = fc
  .array(part, { maxLength: 3 })
  .map((args) => args.slice(0, args.findLastIndex((argument) => argument !== undefined) + 1));

function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return Array.isArray(value) ? value.map(reversed) : value;
  const entries = Object.entries(value).toReversed();
  // `fromEntries` writes a `__proto__` as a property.
  return Object.fromEntries(entries.map(([name, inner]) => [name, reversed(inner)]));
}

describe('canonical arguments', () => {
  it('are the same text exactly for equal lists', () => {
    const pair = fc.oneof(
      fc.tuple(list, list),
      list.map((args) => [args, structuredClone(args)] as [unknown[], unknown[]]),
    );
    let equal = 0;
    const run = fc.property(pair, ([a, b]) => {
      // Maps and sets count in their order, which a comparison of contents ignores.
      const same = isDeepStrictEqual(a, b) && isDeepStrictEqual(ordered(a), ordered(b));
      equal += same ? 1 : 0;
      return (canonicalArguments(a) === canonicalArguments(b)) === same;
    });
    fc.assert(run, { numRuns: 3000 });
    expect(equal).toBeGreaterThan(500);
  });

  it('do not depend on the order in which properties were written', () => {
    const run = fc.property(list, (args) => canonicalArguments(args) === canonicalArguments(args.map(reversed)));
    expect(fc.check(run)).toMatchObject({ failed: false });
  });

  it.each<[unknown, unknown]>([
    [1, '1'],
    [1, 1n],
    ['1n', 1n],
    [null, 'null'],
    [undefined, null],
    [0, -0],
    [Number.NaN, 'NaN'],
    [new Date(5), 'Date(5)'],
    [new Date(5), 5],
    [[1, 2], [[1, 2]]],
    [['a,b'], ['a', 'b']],
    [{ a: 1 }, [['a', 1]]],
    [{ a: undefined }, {}],
    [{ 'a":1,"b': 2 }, { a: 1, b: 2 }],
    [new Map([[1, 2]]), new Set([1, 2])],
    [new Uint8Array([1]), [1]],
  ])('tell %o from %o', (a, b) => {
    expect(canonicalArguments([a])).not.toBe(canonicalArguments([b]));
  });

  it('take an argument left out for undefined', () => {
    expect(canonicalArguments([1, undefined])).toBe(canonicalArguments([1]));
    expect(canonicalArguments([undefined, 1])).not.toBe(canonicalArguments([1]));
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  it.each<[string, unknown, string]>([
    ['a function', () => 1, 'a function cannot'],
    ['a symbol', Symbol('s'), 'a symbol cannot'],
    ['an instance', new URL('http://a'), 'an instance of URL cannot'],
    ['a cycle', cycle, 'a cycle'],
    ['a hole', Array(2), 'a sparse array'],
    ['a symbol key', { [Symbol('s')]: 1 }, 'a symbol key cannot'],
    ['a named item', Object.assign([1], { more: 2 }), 'a sparse array, or one with named properties'],
  ])('refuse %s, and say where it stands', (_, value, words) => {
    expect(() => canonicalArguments(['fine', value])).toThrow(`argument 2: ${words}`);
    expect(() => canonicalArguments(['fine', { deep: [value] }])).toThrow('argument 2');
  });
});

function ordered(value: unknown): unknown {
  if (value instanceof Map) return [...value].map(ordered);
  if (value instanceof Set) return [...value].map(ordered);
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value === 'object' && value !== null && !(value instanceof Date))
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, ordered(inner)]));
  return value;
}
