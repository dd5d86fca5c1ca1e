import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOptions, usage, type CheckOptions } from './options.js';
import { describeRun, outcomeOf, type CheckRuns } from './report.js';
import { createStopAll, runVariant, type RunResult } from './run.js';
import { shapeOf } from './shape.js';
import { setStage, type Stops } from './stage/stage.js';
import type { Variant } from './variants.js';

export interface CacheCheckOptions {
  readonly args: readonly string[];
  readonly rootDir: string;
  /** Runs last, whatever happened. */
  readonly onEnd: () => Promise<void>;
}

/** Checks the promises of the cache on real processes. @returns the exit code; see the usage */
export async function runCacheCheck({ args, rootDir, onEnd }: CacheCheckOptions): Promise<number> {
  const home = makeHome();
  const stops: Stops = [async () => rmSync(home, { recursive: true, force: true }), onEnd];
  const stopAll = createStopAll(stops);
  let isInterrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      isInterrupted = true;
      void stopAll().finally(() => process.exit(1));
    });
  }
  let options: CheckOptions | undefined;
  try {
    options = parsedOrExplained(args);
    return options ? await check(options, rootDir, stops) : 2;
  } catch (error) {
    // What an interruption pulled away is no fault of what was checked.
    if (isInterrupted) return 1;
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    if (options?.isJson) say(JSON.stringify({ ok: false, seed: options.seed, error: String(error) }));
    return 1;
  } finally {
    await stopAll();
  }
}

/** A folder for everything that this run writes, which goes with it even when it is interrupted while something starts. */
function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'runam-cache-check-'));
  // Passable: started by root, PostgreSQL runs as another user and has its rows in here.
  chmodSync(home, 0o755);
  process.env['TMPDIR'] = home;
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  return home;
}

function parsedOrExplained(args: readonly string[]): CheckOptions | undefined {
  try {
    return parseOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    return undefined;
  }
}

/** The control needs no longer to show what it is: the smaller share of the time. */
const controlSecondsMax = 20;
/** A variant that ought to be caught, and was, so often. */
const caughtMin = 3;

async function check(options: CheckOptions, rootDir: string, stops: Stops): Promise<number> {
  const { seed, processes, seconds, endsWhenCaught } = options;
  const stage = await setStage(rootDir, stops);
  const run = async (variant: Variant, lasts: number): Promise<RunResult> => {
    const isEnough = (tally: RunResult['tally']): boolean =>
      endsWhenCaught && variant !== 'runam' && tally.violationsCount() >= caughtMin;
    const { shape, faults } = shapeOf(variant, options.faults);
    say(`  ${variant}: ${processes} processes, up to ${lasts} s of load, seed ${seed} …`);
    const result = await runVariant({
      stage,
      variant,
      processes,
      seconds: lasts,
      seed,
      faults,
      shape,
      isEnough,
      stops,
    });
    say(describeRun(variant, result));
    return result;
  };
  const runs: CheckRuns = { ablated: new Map() };
  if (options.ablations.length === 0) {
    runs.runam = await run('runam', seconds);
    runs.control = await run('del-after-commit', Math.min(seconds, controlSecondsMax));
  }
  for (const ablation of options.ablations) runs.ablated.set(ablation, await run(ablation, seconds));
  const outcome = outcomeOf(options, runs);
  for (const line of outcome.lines) say(line);
  if (options.isJson) say(JSON.stringify(outcome.json));
  return outcome.exitCode;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
