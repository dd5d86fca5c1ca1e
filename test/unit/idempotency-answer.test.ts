import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAnswer, encodeAnswer, type Json } from '../../src/modules/idempotency/answer.codec.js';

const name = fc.oneof(fc.string(), fc.constantFrom('$bigint', '$date', '$bytes', '$', '$$', '$$bigint', '__proto__x'));
const leaf = fc.oneof(
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array(),
);
const { answer } = fc.letrec((tie) => ({
  answer: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('answer'), { maxLength: 4 }),
    fc.dictionary(name, tie('answer'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

describe('an answer that is kept', () => {
  it('comes back equal, whatever it holds and however its names begin', () => {
    fc.assert(
      fc.property(answer, (value) => {
        const stored = JSON.parse(JSON.stringify(encodeAnswer(value))) as Json;
        expect(decodeAnswer(stored)).toEqual(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves out what is undefined, as JSON does', () => {
    expect(encodeAnswer({ a: undefined, b: 1 })).toEqual({ b: 1 });
  });

  it.each([Number.NaN, Infinity, -0, () => 1, Symbol('s'), [undefined], new Map([[1, 2]]), new Error('e')])(
    'is refused rather than changed (%#)',
    (value) => {
      expect(() => encodeAnswer({ value })).toThrow('an answer cannot be kept');
    },
  );
});
