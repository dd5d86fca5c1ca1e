/** A class of the caller's that may stand inside cached values. */
export interface WireType<T = unknown> {
  /** Letters, digits, `_`, `.` and `-`; it is stored, so it must not change while entries live. */
  readonly name: string;
  readonly test: (value: unknown) => boolean;
  readonly encode: (value: T) => string;
  readonly decode: (text: string) => T;
}

/** The value holds something that would come back different, so it is not stored at all. */
export class Unserializable extends Error {
  override readonly name = 'Unserializable';
}

/** The text is not a value of this format. */
export class Undecodable extends Error {
  override readonly name = 'Undecodable';
}

/**
 * Version 1. `1p` + JSON: holds no special value, plain JSON. `1t` + JSON: holds special values, each a string that
 * begins with the mark: `~d<ms>` Date (`~dNaN` invalid), `~n<digits>` bigint, `~f<NaN|Infinity|-Infinity|-0>` number,
 * `~u` undefined, `~b<base64>` Uint8Array, `~B<base64>` Buffer, `~x<name>:<text>` registered type, `~~<text>` a string
 * that itself begins with the mark. An array that begins with `~M` is a Map (key, value, key, value …), with `~S` a Set.
 * Object keys are never interpreted, so no key can be mistaken for a tag.
 */
export const plainHeader = '1p';
export const taggedHeader = '1t';
export const mark = '~';
export const markCode = 0x7e;
export const mapTag = '~M';
export const setTag = '~S';

/** Nesting beyond this is taken for a cycle. */
export const depthMax = 200;

const typeNamePattern = /^[\w.-]+$/;

/** @throws TypeError when a name is malformed or given twice */
export function wireTypesByName(types: readonly WireType[]): ReadonlyMap<string, WireType> {
  const byName = new Map<string, WireType>();
  for (const type of types) {
    if (!typeNamePattern.test(type.name)) throw new TypeError(`wire type "${type.name}": letters, digits, _ . - only`);
    if (byName.has(type.name)) throw new TypeError(`wire type "${type.name}" is registered twice`);
    byName.set(type.name, type);
  }
  return byName;
}
