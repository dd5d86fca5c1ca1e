/** Text, or nothing readable. */
export type Json = string | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * JSON with every number as the text it was written in, so that no amount and no id passes through a float.
 * @throws SyntaxError when it is no JSON
 */
export function parseExact(text: string): Json {
  return JSON.parse(text.replaceAll(stringOrNumber, (found) => (found.startsWith('"') ? found : `"${found}"`))) as Json;
}

/** A member of an object as text; undefined when it is missing, null or something else. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}
