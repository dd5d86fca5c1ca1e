import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOptions, usage, type CheckOptions } from './options.js';
import { describeRun, lacksOf, outcomeOf, type CheckRuns } from './report.js';
import { createStopAll, runVariant, type RunOptions, type RunResult } from './run.js';
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
/** On a busy machine a load lasts so much longer at most, until it has seen what it must see to count. */
const lateSecondsMax = 60;

async function check(options: CheckOptions, rootDir: string, stops: Stops): Promise<number> {
  const { seed, processes, onRedisLoss } = options;
  const stage = await setStage(rootDir, stops);
  const run = async (variant: Variant): Promise<RunResult> => {
    const { shape, faults } = shapeOf(variant, options.faults);
    const seconds = variant === 'del-after-commit' ? Math.min(options.seconds, controlSecondsMax) : options.seconds;
    say(`  ${variant}: ${processes} processes, ${seconds} s of load, seed ${seed} …`);
    const goesOn = lengthOf(variant, options, seconds);
    const result = await runVariant({
      stage,
      variant,
      processes,
      seconds,
      seed,
      faults,
      onRedisLoss,
      shape,
      goesOn,
      stops,
    });
    say(describeRun(variant, result));
    return result;
  };
  const runs: CheckRuns = { ablated: new Map() };
  if (options.ablations.length === 0) {
    runs.runam = await run('runam');
    runs.control = await run('del-after-commit');
  }
  for (const ablation of options.ablations) runs.ablated.set(ablation, await run(ablation));
  const outcome = outcomeOf(options, runs);
  for (const line of outcome.lines) say(line);
  if (options.isJson) say(JSON.stringify(outcome.json));
  return outcome.exitCode;
}

function lengthOf(variant: Variant, options: CheckOptions, seconds: number): RunOptions['goesOn'] {
  const lastsMax = seconds + lateSecondsMax;
  if (variant === 'runam')
    return (tally, faults, passed) =>
      passed < seconds || (passed < lastsMax && lacksOf(options.faults, tally, faults).length > 0);
  const wanted = options.endsWhenCaught ? caughtMin : Number.POSITIVE_INFINITY;
  return (tally, _faults, passed) => {
    const caught = tally.violationsCount();
    return caught < wanted && passed < (caught > 0 ? seconds : lastsMax);
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
