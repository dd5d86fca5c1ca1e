import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

/**
 * Whole numbers without a limit: bigint inside. Written as a JSON number up to 2^53 - 1 and as a string beyond, so that no
 * client ever gets a rounded one. (graphql-scalars' own reads small ones as numbers, which would let floats near money.)
 */
export const BigIntScalar = new GraphQLScalarType<bigint, number | string>({
  name: 'BigInt',
  description: 'A whole number of any size: a JSON number up to 2^53 - 1, a string beyond it. Both are accepted.',
  serialize(value) {
    const exact = value as bigint;
    const short = Number(exact);
    return Number.isSafeInteger(short) ? short : exact.toString();
  },
  parseValue(value) {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
    if (typeof value === 'string') return parseDigits(value);
    throw notWhole(value);
  },
  parseLiteral(node) {
    if (node.kind === Kind.INT || node.kind === Kind.STRING) return parseDigits(node.value);
    throw notWhole('value' in node ? node.value : node.kind);
  },
});

function parseDigits(text: string): bigint {
  if (!/^-?\d{1,40}$/.test(text)) throw notWhole(text);
  return BigInt(text);
}

function notWhole(value: unknown): GraphQLError {
  return new GraphQLError(
    `BigInt takes a whole number, as a JSON integer up to 2^53 - 1 or a string of digits, not ${JSON.stringify(value)}.`,
  );
}
