/**
 * Makes `value` and everything inside immutable, in place: plain objects and arrays are frozen; a Date, Map or Set stays
 * one and refuses its own setters. @returns false when something inside can be neither (bytes, instances of other
 * classes); part of `value` is frozen by then
 */
export function freezeDeep(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return freezeAll(value, Object.values(value));
  if (prototype === Array.prototype) return freezeAll(value, value as unknown[]);
  if (prototype === Date.prototype) return freezeAll(Object.setPrototypeOf(value, frozenDate) as object, []);
  if (prototype === Map.prototype) {
    const map = Object.setPrototypeOf(value, frozenMap) as Map<unknown, unknown>;
    return freezeAll(map, [...map.keys(), ...map.values()]);
  }
  if (prototype === Set.prototype) {
    const set = Object.setPrototypeOf(value, frozenSet) as Set<unknown>;
    return freezeAll(set, [...set]);
  }
  return false;
}

/** The built-in prototype behind one of ours; any other as it is. */
export function originalPrototype(prototype: unknown): unknown {
  switch (prototype) {
    case frozenDate:
      return Date.prototype;
    case frozenMap:
      return Map.prototype;
    case frozenSet:
      return Set.prototype;
    default:
      return prototype;
  }
}

function freezeAll(container: object, inside: readonly unknown[]): boolean {
  for (const item of inside) if (!freezeDeep(item)) return false;
  Object.freeze(container);
  return true;
}

// What they hold is no property, so Object.freeze does not reach it.
const dateSetters = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'));
const frozenDate = refusing(Date.prototype, dateSetters);
const frozenMap = refusing(Map.prototype, ['set', 'delete', 'clear']);
const frozenSet = refusing(Set.prototype, ['add', 'delete', 'clear']);

function refusing(prototype: object, names: readonly string[]): object {
  const refusals = names.map((name) => [name, { value: refusal(name) }] as const);
  return Object.freeze(Object.create(prototype, Object.fromEntries(refusals)) as object);
}

function refusal(name: string): () => never {
  return () => {
    throw new TypeError(`${name}: this value comes from the cache, is shared and cannot be changed`);
  };
}
