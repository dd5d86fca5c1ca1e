import { describe, expect, it } from 'vitest';
import {
  createCache,
  createMemoryStore,
  decodeValue,
  encodeValue,
  Undecodable,
  Unserializable,
} from '../../src/cache/index.js';

class Distance {
  constructor(readonly metres: number) {}
}
const distance = {
  name: 'distance',
  test: (it: unknown) => it instanceof Distance,
  encode: (it: unknown) => String((it as Distance).metres),
  decode: (text: string) => new Distance(Number(text)),
};

describe('the wire format', () => {
  it('is plain JSON behind its header when nothing needs more', () => {
    expect(encodeValue({ a: [1, 'x', null, true] })).toBe('1p{"a":[1,"x",null,true]}');
  });

  it.each([
    ['a date', new Date(1_700_000_000_123)],
    ['an invalid date', new Date(Number.NaN)],
    ['a big integer', -(2n ** 70n)],
    ['bytes', new Uint8Array([0, 255])],
    ['a buffer', Buffer.from('é')],
    ['a map with any keys', new Map<unknown, unknown>([[{ a: 1n }, new Map([[1, undefined]])]])],
    ['a set', new Set(['~', 2, new Set()])],
    ['undefined', { a: undefined, b: [undefined] }],
    ['numbers JSON has no word for', [Number.NaN, Infinity, -Infinity, -0, 0]],
    ['strings that look like tags', ['~', '~~', '~d5', '~M', '~S', '~x', '~u']],
    ['an array that looks like a map', ['~M', 'key', 'value']],
    ['an object whose keys look like tags', { '~M': 1, '~d': '~', $: { '~': 1n } }],
  ])('gives back %s', (_, value) => {
    const back = decodeValue(encodeValue(value));
    expect(back).toStrictEqual(value);
    expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(value));
  });

  it('keeps a __proto__ key a key', () => {
    const value: unknown = JSON.parse('{"__proto__":{"admin":true},"at":1}');
    Object.assign(value as object, { at: new Date(1) });
    const back = decodeValue(encodeValue(value)) as Record<string, unknown>;
    expect(Object.keys(back)).toEqual(['__proto__', 'at']);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(back['admin']).toBeUndefined();
    const nested: unknown = JSON.parse('{"__proto__":"replaced"}');
    Object.defineProperty(nested, '__proto__', { value: 5n });
    expect(Object.getOwnPropertyDescriptor(decodeValue(encodeValue(nested)), '__proto__')?.value).toBe(5n);
  });

  it('gives an object without prototype back as a plain one, in order', () => {
    const bare = Object.assign(Object.create(null) as object, { z: 1n, a: 2 });
    const back = decodeValue(encodeValue(bare)) as object;
    expect(Object.keys(back)).toEqual(['z', 'a']);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });

  it('does not change what it encodes', () => {
    const value = Object.freeze({ at: new Date(1), rows: Object.freeze([1n, 'x']) });
    encodeValue(value);
    expect(value).toStrictEqual({ at: new Date(1), rows: [1n, 'x'] });
  });

  it('carries registered types', () => {
    const back = decodeValue(encodeValue([new Distance(5)], [distance]), [distance]);
    expect(back).toStrictEqual([new Distance(5)]);
    expect(() => decodeValue(encodeValue(new Distance(5), [distance]))).toThrow(Undecodable);
  });

  const cycle: unknown[] = [];
  cycle.push({ cycle });
  const sparse = Array.from<number>({ length: 2 });
  delete sparse[0];
  it.each([
    ['a function', () => 1],
    ['a symbol', { a: Symbol('s') }],
    ['a symbol key', { [Symbol('s')]: 1 }],
    ['an unregistered class', [new Distance(1)]],
    ['a subclass of a known one', new (class Later extends Date {})()],
    ['an error', new Error('e')],
    ['a cycle', cycle],
    ['a sparse array', sparse],
    ['an array with properties', Object.assign([1], { extra: 1 })],
    ['an object that would serialize itself', { toJSON: () => 1 }],
  ])('refuses %s rather than losing something', (_, value) => {
    expect(() => encodeValue(value)).toThrow(Unserializable);
  });

  it.each(['', '1', '2p{}', 'p1{}', '1p', '1p{', '1t"~q"', '1t"~nx"', '1t"~xnobody:1"', '1t"~"'])(
    'refuses the text %j',
    (text) => {
      expect(() => decodeValue(text)).toThrow(Undecodable);
    },
  );

  it('refuses to register a name twice, or one it could not read back', () => {
    const store = createMemoryStore();
    const create = (registerTypes: (typeof distance)[]) => () => createCache({ store, prefix: 'test', registerTypes });
    expect(create([distance, distance])).toThrow('registered twice');
    expect(create([{ ...distance, name: 'a:b' }])).toThrow('letters, digits');
  });
});
