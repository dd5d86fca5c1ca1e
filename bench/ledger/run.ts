import type { BenchOptions } from '../options.js';
import { jsonWith } from '../report.js';
import { startPostgres } from '../stage/postgres.js';
import type { Stops } from '../stage/stops.type.js';
import { openWorld } from './world.js';

/** How releases of different errands go beside each other, in a process with so many connections. */
interface ReleaseLine {
  readonly connections: number;
  readonly releases: number;
  /** As it is: commission and VAT are appended to without a lock. */
  readonly perSecond: number;
  /** To compare: each release holds the commission account's row until it is committed. */
  readonly withHotRowPerSecond: number;
}

const connectionCounts = [1, 2, 4, 8] as const;
/** Releases of each kind and number of connections, for each second asked for. */
const releasesPerSecondAsked = 100;

export async function runLedgerBench(options: BenchOptions & { rootDir: string }, stops: Stops): Promise<void> {
  const postgres = await startPostgres(options.rootDir);
  stops.push(() => postgres.stop());
  const world = await openWorld(options.rootDir, postgres.url, Math.max(...connectionCounts));
  stops.push(() => world.close());
  const releases = options.seconds * releasesPerSecondAsked;
  await timed(await world.delivered(50, 1), 1, false);
  const lines: ReleaseLine[] = [];
  for (const connections of connectionCounts) {
    const perSecond = await timed(await world.delivered(releases, connections), connections, false);
    const withHotRowPerSecond = await timed(await world.delivered(releases, connections), connections, true);
    lines.push({ connections, releases, perSecond, withHotRowPerSecond });
    console.log(`  ${connections} connections measured`);
  }
  await world.assertBooks();
  console.table(lines);
  if (options.isJson) console.log(jsonWith({ releases: lines }));

  /** Each lane releases errands of its own, one after the other. @returns releases a second, rounded */
  async function timed(lanes: readonly (readonly string[])[], connections: number, hasHotRow: boolean) {
    const startedMs = performance.now();
    await Promise.all(
      lanes.map(async (ids, lane) => {
        for (const id of ids) await world.release(lane, id, hasHotRow);
      }),
    );
    const count = lanes.reduce((sum, ids) => sum + ids.length, 0);
    if (lanes.length !== connections) throw new Error(`${lanes.length} lanes for ${connections} connections`);
    return Math.round((count / (performance.now() - startedMs)) * 1000);
  }
}
