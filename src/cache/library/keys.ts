import { createHash } from 'node:crypto';
import { InvalidCacheKey } from './faults.js';

/** Nesting beyond this is taken for a cycle. */
const depthMax = 50;
/** Longer canonical arguments are hashed; the entry keeps and compares all of them. */
const readableLengthMax = 120;

/** What one call of a named function asks. */
export interface Question {
  readonly key: string;
  /** Everything the key stands for; compared on every hit, so that a hash may collide. */
  readonly identity: string;
}

/** @throws InvalidCacheKey when the arguments cannot be told apart from others */
export function questionOf(name: string, args: readonly unknown[]): Question {
  const identity = `${name}(${canonicalArguments(args)})`;
  if (identity.length <= readableLengthMax) return { key: identity, identity };
  return { key: `${name}(#${createHash('sha256').update(identity).digest('base64url').slice(0, 22)})`, identity };
}

/**
 * One text for each list of arguments, whatever the order in which the properties of an object were written; two lists
 * have the same text only if they are equal in types and contents. Arguments left out at the end are as `undefined`.
 * Takes null, undefined, booleans, numbers (0 and -0 are two), strings, big integers, dates, bytes, arrays, maps and sets (in
 * their order) and plain objects.
 * @throws InvalidCacheKey on functions, symbols, cycles, sparse arrays and instances of classes
 */
export function canonicalArguments(args: readonly unknown[]): string {
  const length = args.findLastIndex((argument) => argument !== undefined) + 1;
  return args
    .slice(0, length)
    .map((argument, index) => canonical(argument, `argument ${index + 1}`, 0))
    .join(',');
}

/** @param where named in the fault */
function canonical(value: unknown, where: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : canonicalObject(value, where, depth + 1);
    default:
      throw new InvalidCacheKey(`${where}: a ${typeof value} cannot be part of a cache key; give "key"`);
  }
}

function canonicalObject(value: object, where: string, depth: number): string {
  if (depth > depthMax) throw new InvalidCacheKey(`${where}: a cycle, or nested deeper than ${depthMax}`);
  const inner = (items: Iterable<unknown>): string => [...items].map((item) => canonical(item, where, depth)).join(',');
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return canonicalRecord(value, where, depth);
  if (prototype === Array.prototype) {
    const array = value as readonly unknown[];
    if (Object.keys(array).length !== array.length)
      throw new InvalidCacheKey(`${where}: a sparse array, or one with named properties`);
    return `[${inner(array)}]`;
  }
  if (prototype === Date.prototype) return `Date(${(value as Date).getTime()})`;
  if (prototype === Map.prototype) return `Map(${inner([...(value as Map<unknown, unknown>)].flat(1))})`;
  if (prototype === Set.prototype) return `Set(${inner(value as Set<unknown>)})`;
  if (prototype === Uint8Array.prototype || prototype === Buffer.prototype)
    return `Bytes(${Buffer.from(value as Uint8Array).toString('base64')})`;
  throw new InvalidCacheKey(
    `${where}: an instance of ${value.constructor?.name || 'an unnamed class'} cannot be part of a cache key; give "key"`,
  );
}

function canonicalRecord(record: object, where: string, depth: number): string {
  if (Object.getOwnPropertySymbols(record).length > 0)
    throw new InvalidCacheKey(`${where}: a symbol key cannot be part of a cache key; give "key"`);
  const entries = Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item, where, depth)}`).join(',')}}`;
}
