import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValue, encodeValue } from '../../src/cache/index.js';

const { any } = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `~${text}`),
      fc.constantFrom('~M', '~S', '~u', '__proto__', '\uD800'),
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.boolean(),
      fc.constantFrom(null, undefined),
      fc.date({ noInvalidDate: false }),
      fc.uint8Array(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    ),
    fc.array(tie('any')),
    fc.array(tie('any')).map((items) => new Set(items)),
    fc.array(fc.tuple(tie('any'), tie('any'))).map((pairs) => new Map(pairs)),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', '~M', 'toJSON', '0')), tie('any'), {
      noNullPrototype: true,
    }),
  ),
}));

describe('the wire format', () => {
  it('gives back every value exactly: types, order, signs and all', () => {
    fc.assert(
      fc.property(any, (value) => {
        const text = encodeValue(value);
        const back = decodeValue(text);
        expect(back).toStrictEqual(value);
        // Equal values have equal texts, so this also compares order, -0 and lone surrogates.
        expect(encodeValue(back)).toBe(text);
      }),
      { numRuns: 600 },
    );
  });

  it('refuses every text without its header', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.startsWith('1p') && !text.startsWith('1t'));
        expect(() => decodeValue(text)).toThrow('wire format');
      }),
    );
  });
});
