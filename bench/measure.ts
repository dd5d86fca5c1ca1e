import type { Load } from './load/load.js';
import type { Slice } from './load/slice.type.js';
import type { BenchCase } from './stage/cases.js';
import { ask } from './stage/graphql.js';

/** One round of one case. */
export interface Measured extends Slice {
  /** Processor time of the server's process, milliseconds; undefined where it cannot be known. */
  readonly cpuMs: number | undefined;
}

export interface MeasureOptions {
  readonly load: Load;
  readonly cases: readonly BenchCase[];
  readonly connections: number;
  readonly seconds: number;
  /** Told before each round. */
  readonly onRound: (round: number, rounds: number) => void;
}

const warmUpMs = 1_500;
const sliceMsMax = 500;

/**
 * Measures all cases in turns, a short slice each, again and again: what else the machine does meanwhile hits all alike,
 * and the slices of one round can be compared with each other. @returns the slices of each case, in the order of `cases`
 */
export async function measure({
  load,
  cases,
  connections,
  seconds,
  onRound,
}: MeasureOptions): Promise<readonly (readonly Measured[])[]> {
  for (const target of cases) await measureOnce(load, target, connections, warmUpMs);
  const rounds = Math.max(1, Math.round((seconds * 1000) / sliceMsMax));
  const measured: Measured[][] = cases.map(() => []);
  for (let round = 0; round < rounds; round++) {
    onRound(round + 1, rounds);
    for (const [index, target] of cases.entries()) {
      measured[index]?.push(await measureOnce(load, target, connections, (seconds * 1000) / rounds));
    }
  }
  return measured;
}

/** A timer of the market may change what is read in the middle of a slice: then the slice does not count. */
async function measureOnce(
  load: Load,
  target: BenchCase,
  connections: number,
  durationMs: number,
  mayRepeat = true,
): Promise<Measured> {
  const { server, bodies, headers } = target;
  const expected = await expectedOf(target);
  const cpuBefore = await server.cpuMs();
  try {
    const slice = await load.run({ url: server.url, connections, durationMs, bodies, headers, expected });
    const cpuAfter = await server.cpuMs();
    const cpuMs = cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore;
    assertCached(target, slice);
    return { ...slice, cpuMs };
  } catch (error) {
    const hasChanged = expected !== undefined && (await expectedOf(target)) !== expected;
    if (hasChanged && mayRepeat) return measureOnce(load, target, connections, durationMs, false);
    throw new Error(`${target.title}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Asked twice, so that an entry that had run out is there again. */
async function expectedOf({ answers, server, bodies, headers }: BenchCase): Promise<string | undefined> {
  if (answers === 'any') return undefined;
  const asking = { url: server.url, body: bodies[0] ?? '', headers };
  await ask(asking);
  return (await ask(asking)).text;
}

/** An entry may run out in a slice, and those who ask until it is loaded anew share that load. */
const hitShareMin = 0.95;

function assertCached({ isHit }: BenchCase, { hits, latenciesMs }: Slice): void {
  const share = hits / latenciesMs.length;
  if (isHit === true && share < hitShareMin) throw new Error(`only ${Math.floor(share * 100)} % were hits`);
  if (isHit === false && hits > 0) throw new Error(`${hits} answers came from a cache that is switched off`);
}
