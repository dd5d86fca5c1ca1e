import { mapTag, markCode, plainHeader, setTag, taggedHeader, Undecodable, wireTypesByName } from './wire.js';
import type { WireType } from './wire.js';

/**
 * The value `encodeValue` was given; a fresh one at every call.
 * @param types the registered classes
 * @throws Undecodable when the text is not of this format or names a type that is not registered
 */
export function decodeValue(text: string, types: readonly WireType[] = []): unknown {
  return decodeWith(wireTypesByName(types), text);
}

export type TypesByName = ReadonlyMap<string, WireType>;

/** `decodeValue` with the types looked up beforehand. */
export function decodeWith(types: TypesByName, text: string): unknown {
  const header = text.slice(0, 2);
  if (header !== plainHeader && header !== taggedHeader) throw new Undecodable('not a value of wire format 1');
  try {
    const tree: unknown = JSON.parse(text.slice(2));
    return header === plainHeader ? tree : reviveAny(tree, types);
  } catch (error) {
    throw error instanceof Undecodable ? error : new Undecodable('damaged', { cause: error });
  }
}

function reviveAny(value: unknown, types: TypesByName): unknown {
  if (typeof value === 'string') return value.charCodeAt(0) === markCode ? reviveTag(value, types) : value;
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? reviveArray(value, types) : reviveRecord(value as Record<string, unknown>, types);
}

/** In place: the tree is ours alone, and its own `__proto__` property is written as a property. */
function reviveRecord(record: Record<string, unknown>, types: TypesByName): unknown {
  for (const key of Object.keys(record)) {
    const value = record[key];
    if (typeof value === 'string') {
      if (value.charCodeAt(0) === markCode) record[key] = reviveTag(value, types);
    } else if (typeof value === 'object' && value !== null) {
      record[key] = reviveAny(value, types);
    }
  }
  return record;
}

function reviveArray(array: unknown[], types: TypesByName): unknown {
  if (array[0] === mapTag) return reviveMap(array, types);
  if (array[0] === setTag) return new Set(array.slice(1).map((item) => reviveAny(item, types)));
  for (let index = 0; index < array.length; index++) array[index] = reviveAny(array[index], types);
  return array;
}

function reviveMap(array: readonly unknown[], types: TypesByName): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (let index = 1; index < array.length; index += 2) {
    map.set(reviveAny(array[index], types), reviveAny(array[index + 1], types));
  }
  return map;
}

function reviveTag(text: string, types: TypesByName): unknown {
  const body = text.slice(2);
  switch (text[1]) {
    case '~':
      return text.slice(1);
    case 'd':
      return new Date(Number(body));
    case 'n':
      return BigInt(body);
    case 'f':
      return Number(body);
    case 'u':
      return undefined;
    case 'b':
      return new Uint8Array(Buffer.from(body, 'base64'));
    case 'B':
      return Buffer.from(body, 'base64');
    case 'x':
      return reviveRegistered(body, types);
    default:
      throw new Undecodable(`unknown tag "${text.slice(0, 2)}"`);
  }
}

function reviveRegistered(body: string, types: TypesByName): unknown {
  const colon = body.indexOf(':');
  const type = types.get(body.slice(0, colon));
  if (!type) throw new Undecodable(`unknown type "${body.slice(0, colon)}"`);
  return type.decode(body.slice(colon + 1));
}
