import type { BenchOptions } from '../options.js';
import { jsonWith } from '../report.js';
import type { Stops } from '../stage/stops.type.js';
import { benchControlKeys, benchMemory } from './bounds.js';
import { benchInvalidation } from './invalidation.js';
import { loadLibrary } from './library.js';

/** What the cache costs by itself: no server, no database. */
export async function runStoreBench(options: BenchOptions & { rootDir: string }, stops: Stops): Promise<void> {
  const library = await loadLibrary(options.rootDir);
  const parts =
    options.only === 'invalidation'
      ? { invalidation: await benchInvalidation(library, stops) }
      : { memory: await benchMemory(library), controlKeys: await benchControlKeys(library, stops) };
  for (const [name, lines] of Object.entries(parts)) {
    console.log(`\n${name}`);
    console.table(lines.map(rounded));
  }
  if (options.isJson) console.log(jsonWith(parts));
}

function rounded(line: object): object {
  const shown = (value: unknown): unknown => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value);
  return Object.fromEntries(Object.entries(line).map(([name, value]) => [name, shown(value)]));
}
