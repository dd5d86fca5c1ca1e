import { invariant } from '../../kernel/index.js';

/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * An answer as JSON: a bigint, a Date and bytes become an object of one `$` name, and a `$` that a name of the answer's own
 * begins with is doubled. What is undefined is left out. @throws InvariantViolation for anything else that JSON would change
 */
export function encodeAnswer(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      invariant(Number.isFinite(value) && !Object.is(value, -0), `an answer cannot be kept: it holds ${value}`);
      return value;
    case 'bigint':
      return { $bigint: value.toString() };
    case 'object':
      return value === null ? null : encodeObject(value);
    default:
      invariant(false, `an answer cannot be kept: it holds a ${typeof value}`);
  }
}

/** The answer again, equal to the one that was encoded. */
export function decodeAnswer(json: Json): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (isList(json)) return json.map(decodeAnswer);
  const { $bigint, $date, $bytes } = json;
  if (typeof $bigint === 'string') return BigInt($bigint);
  if (typeof $date === 'string') return new Date($date);
  if (typeof $bytes === 'string') return new Uint8Array(Buffer.from($bytes, 'base64'));
  const entries = Object.entries(json).map(([name, part]) => [name.replace(/^\$\$/, '$'), decodeAnswer(part)]);
  return Object.fromEntries(entries);
}

function encodeObject(value: object): Json {
  if (value instanceof Date) return { $date: value.toISOString() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(encodeAnswer);
  const prototype: unknown = Object.getPrototypeOf(value);
  invariant(
    prototype === Object.prototype || prototype === null,
    'an answer cannot be kept: it holds more than plain data',
  );
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.map(([name, part]) => [name.replace(/^\$/, '$$$$'), encodeAnswer(part)]));
}

function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}
