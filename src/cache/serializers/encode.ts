import { originalPrototype } from '../freeze.js';
import { depthMax, mapTag, mark, markCode, plainHeader, setTag, taggedHeader, Unserializable } from './wire.js';
import type { WireType } from './wire.js';

/**
 * The value as text that `decodeValue` turns into an equal one: same types, same property order, nothing lost in
 * silence. Null-prototype objects come back as plain ones, and one object met twice comes back as two.
 * @param types classes of the caller's, tried before the built-in ones
 * @throws Unserializable on functions, symbols, cycles, sparse arrays and instances of unregistered classes
 */
export function encodeValue(value: unknown, types: readonly WireType[] = []): string {
  const walk: Walk = { types, tagged: false };
  const tree = encodeAny(value, walk, 0);
  return (walk.tagged ? taggedHeader : plainHeader) + JSON.stringify(tree);
}

interface Walk {
  readonly types: readonly WireType[];
  tagged: boolean;
}

/** Returns the very same value when nothing inside needs a tag, so plain pages are walked and never copied. */
function encodeAny(value: unknown, walk: Walk, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return value.charCodeAt(0) === markCode ? tag(walk, mark + value) : value;
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : tag(walk, `~f${Object.is(value, -0) ? '-0' : value}`);
    case 'bigint':
      return tag(walk, `~n${value}`);
    case 'undefined':
      return tag(walk, '~u');
    case 'object':
      return value === null ? value : encodeObject(value, walk, depth);
    default:
      throw new Unserializable(`a ${typeof value} cannot be cached`);
  }
}

function encodeObject(value: object, walk: Walk, depth: number): unknown {
  if (depth >= depthMax) throw new Unserializable(`a cycle, or nested deeper than ${depthMax}`);
  for (const type of walk.types) if (type.test(value)) return tag(walk, `~x${type.name}:${type.encode(value)}`);
  const prototype = originalPrototype(Object.getPrototypeOf(value));
  if (prototype === Object.prototype || prototype === null)
    return encodeRecord(value as Record<string, unknown>, walk, depth);
  if (prototype === Array.prototype) return encodeArray(value as unknown[], walk, depth);
  if (prototype === Date.prototype) return tag(walk, `~d${(value as Date).getTime()}`);
  if (prototype === Buffer.prototype) return tag(walk, `~B${(value as Buffer).toString('base64')}`);
  if (prototype === Uint8Array.prototype) return tag(walk, `~b${base64(value as Uint8Array)}`);
  if (prototype === Map.prototype)
    return encodeItems(mapTag, [...(value as Map<unknown, unknown>)].flat(1), walk, depth);
  if (prototype === Set.prototype) return encodeItems(setTag, [...(value as Set<unknown>)], walk, depth);
  throw new Unserializable(`an instance of ${constructorName(value)} cannot be cached; register its type`);
}

function encodeRecord(record: Record<string, unknown>, walk: Walk, depth: number): unknown {
  if (Object.getOwnPropertySymbols(record).length > 0) throw new Unserializable('a symbol key cannot be cached');
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(record)) {
    const value = record[key];
    const encoded = encodeAny(value, walk, depth + 1);
    // NaN never reaches this comparison: it is encoded as a string.
    if (encoded === value) continue;
    copy ??= copyOf(record);
    copy[key] = encoded;
  }
  return copy ?? record;
}

/** Own properties only, so assigning to a copied `__proto__` key afterwards writes the property and no prototype. */
function copyOf(record: Record<string, unknown>): Record<string, unknown> {
  return { ...record };
}

function encodeArray(array: readonly unknown[], walk: Walk, depth: number): unknown {
  if (Object.keys(array).length !== array.length)
    throw new Unserializable('a sparse array, or one with named properties');
  let copy: unknown[] | undefined;
  for (let index = 0; index < array.length; index++) {
    const encoded = encodeAny(array[index], walk, depth + 1);
    if (encoded === array[index]) continue;
    copy ??= [...array];
    copy[index] = encoded;
  }
  return copy ?? array;
}

function encodeItems(itemsTag: string, items: readonly unknown[], walk: Walk, depth: number): unknown {
  return [tag(walk, itemsTag), ...items.map((item) => encodeAny(item, walk, depth + 1))];
}

function tag(walk: Walk, text: string): string {
  walk.tagged = true;
  return text;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function constructorName(value: object): string {
  const constructor: unknown = value.constructor;
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'an unnamed class';
}
