/** Values that a caller can send and that something behind the door does not take. */
export const hostile = {
  /** Text that PostgreSQL refuses or would change. */
  texts: { 'a null character': 'Yab\0a', 'half an emoji': 'Yaba \ud83d', 'the other half': '\ude00 Yaba' },
  /** Beyond what bigint columns hold, and just beyond what amounts may be. */
  amounts: {
    'the largest bigint and one': 2n ** 63n,
    'the smallest bigint less one': -(2n ** 63n) - 1n,
    'forty digits': BigInt('9'.repeat(40)),
    'less than nothing': -1n,
    'more than the most': 1_000_000_001n,
  },
  /** JavaScript knows years from -271821 to 275760, PostgreSQL from -4713 to 294276, and neither writes the other's way. */
  times: {
    'the year 0': new Date('0000-01-01T00:00:00.000Z'),
    'the first there is': new Date(-8_640_000_000_000_000),
    'the last there is': new Date(8_640_000_000_000_000),
    'before PostgreSQL': new Date('-004800-01-01T00:00:00.000Z'),
    'the year 10000': new Date('+010000-01-01T00:00:00.000Z'),
    'no time at all': new Date(Number.NaN),
  },
  degrees: {
    'not a number': Number.NaN,
    infinity: Infinity,
    'minus infinity': -Infinity,
    'the largest': Number.MAX_VALUE,
  },
} as const;

/** The names and values of a set, for tables of cases. */
export function each<V>(set: Readonly<Record<string, V>>): readonly (readonly [string, V])[] {
  return Object.entries(set);
}
