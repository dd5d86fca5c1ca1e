import { runLedgerBench } from './ledger/run.js';
import { runMutationBench } from './mutations/run.js';
import { startLoad } from './load/load.js';
import { measure } from './measure.js';
import { parseOptions, usage, type BenchOptions } from './options.js';
import { circumstances, generatorNote, jsonOf, linesOf, tableOf } from './report.js';
import { runStoreBench } from './store/run.js';
import { setStage } from './stage/stage.js';
import type { Stops } from './stage/stops.type.js';

/** Measures RunAm beside its peers and prints the result. @returns the exit code: 0, 1 (failed), 2 (wrong usage) */
export async function runBench({ args, rootDir }: { args: readonly string[]; rootDir: string }): Promise<number> {
  let options: BenchOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  const stops: Stops = [];
  const stopAll = createStopAll(stops);
  let isInterrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      isInterrupted = true;
      void stopAll().finally(() => process.exit(1));
    });
  }
  try {
    await run({ ...options, rootDir }, stops);
    return 0;
  } catch (error) {
    // What an interruption pulled away is no fault of what was measured.
    if (isInterrupted) return 1;
    console.error(error);
    if (options.isJson) console.log(JSON.stringify({ ok: false, error: String(error) }));
    return 1;
  } finally {
    await stopAll();
  }
}

async function run(options: BenchOptions & { rootDir: string }, stops: Stops): Promise<void> {
  if (options.only === 'ledger') return runLedgerBench(options, stops);
  if (options.only === 'mutations') return runMutationBench(options, stops);
  if (options.only !== 'requests') return runStoreBench(options, stops);
  console.log('  Loading the demo and starting the servers …');
  const cases = await setStage(options, stops);
  const load = startLoad();
  stops.push(() => load.close());
  const { connections, seconds } = options;
  console.log(`  Measuring ${cases.length} cases in turns (${circumstances(options)}) …`);
  const measured = await measure({ load, cases, connections, seconds, onRound: showRound });
  const lines = linesOf(cases, measured);
  console.log(`\n${tableOf(lines)}\n\n${generatorNote(lines)}`);
  if (options.isJson) console.log(jsonOf(lines, options));
}

function showRound(round: number, rounds: number): void {
  if (process.stdout.isTTY) process.stdout.write(`\r  round ${round} of ${rounds}${round === rounds ? '\n' : ''}`);
}

/** Newest first, once, and all of them whatever happens to one. */
function createStopAll(stops: Stops): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  return () =>
    (stopping ??= (async () => {
      for (const stop of stops.toReversed()) {
        await stop().catch((error: unknown) => console.error('a part did not stop cleanly:', error));
      }
    })());
}
