import { rmSync } from 'node:fs';
import { breakGuard } from './breaks.js';
import { parseOptions, usage, type SimOptions } from './options.js';
import { describe, jsonOf, replayOf } from './report.js';
import { simulate, type Simulated } from './simulate.js';
import { makeHome, startDatabases, type Stops } from './stage.js';

export interface SimProgramOptions {
  readonly args: readonly string[];
  readonly rootDir: string;
  /** Runs last, whatever happened. */
  readonly onEnd: () => Promise<void>;
}

/** Plays a market on a virtual clock against its books. @returns the exit code; see the usage */
export async function runSim({ args, rootDir, onEnd }: SimProgramOptions): Promise<number> {
  const options = parsedOrExplained(args);
  if (!options) {
    await onEnd();
    return 2;
  }
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
  try {
    return await play(options, rootDir, stops);
  } catch (error) {
    // What an interruption pulled away is no fault of what was played.
    if (isInterrupted) return 1;
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    say(`It was seed ${options.seed}.`);
    if (options.isJson) say(JSON.stringify({ ok: false, seed: options.seed, error: String(error) }));
    return 1;
  } finally {
    await stopAll();
  }
}

function parsedOrExplained(args: readonly string[]): SimOptions | undefined {
  try {
    return parseOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    return undefined;
  }
}

/** Stops everything once, newest first, even when it is asked to again meanwhile. */
function createStopAll(stops: Stops): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  return () =>
    (stopping ??= (async () => {
      for (const stop of stops.toReversed()) await stop();
    })());
}

async function play(options: SimOptions, rootDir: string, stops: Stops): Promise<number> {
  const createDatabase = await startDatabases(rootDir, stops);
  if (options.breaks !== undefined) breakGuard(options.breaks);
  const first = await once(options, await createDatabase());
  const result = first.ok ? first : await narrowed(options, first, createDatabase);
  for (const line of describe(result, options)) say(line);
  say(result.ok ? 'Nothing was broken.' : `Seed ${result.seed}. See it again: ${replayOf(result, options)}`);
  if (options.isJson) say(JSON.stringify(jsonOf(result, options)));
  return result.ok ? 0 : 1;
}

const progressEvery = 500;

function once({ seed, steps, breaks }: SimOptions, databaseUrl: string, auditFrom?: number): Promise<Simulated> {
  const startedAtMs = Date.now();
  return simulate({
    databaseUrl,
    seed,
    steps,
    breaks,
    ...(auditFrom !== undefined && { auditFrom }),
    onProgress(step) {
      if (step % progressEvery !== 0) return;
      const seconds = (Date.now() - startedAtMs) / 1000;
      process.stderr.write(`  step ${step} of ${steps}, ${(step / seconds).toFixed(0)} a second\n`);
    },
  });
}

/** Played again, with a look at all books after each step since they were last well: what broke them is the last step. */
async function narrowed(
  options: SimOptions,
  first: Simulated,
  createDatabase: () => Promise<string>,
): Promise<Simulated> {
  if (first.steps - first.wellAt <= 1) return first;
  process.stderr.write(`  broken by step ${first.steps}; looking for the step that did it\n`);
  const again = await once({ ...options, steps: first.steps }, await createDatabase(), first.wellAt + 1);
  // Storms end as they like: what one of them broke may hold this time.
  return again.ok ? first : again;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
