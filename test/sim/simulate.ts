import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { createDb } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import type { Random } from '../../src/seed/random.js';
import { asHeard, asTold, type Break } from './breaks.js';
import { createFindings, invariantNames, type Breach, type Invariant, type Verdict } from './proof/invariants.js';
import { auditMoments, auditSeals, type Moments } from './proof/moments.js';
import { auditPayouts } from './proof/payouts.js';
import { auditBooks, compareHouses, compareWorld, transitionsMade } from './proof/rows.js';
import { castWorld, openMarkets } from './run/cast.js';
import { createVirtualClock } from './run/clock.js';
import { startHouse } from './run/house.js';
import { settlePayouts } from './run/payouts.js';
import { startProvider } from './run/provider.js';
import { takeStep, randomOf } from './run/steps.js';
import { count, type Stage } from './run/stage.js';
import { toldAgain } from './run/webhooks.js';

export interface SimulateOptions {
  /** Migrated and empty. */
  readonly databaseUrl: string;
  readonly seed: number;
  readonly steps: number;
  /** Looks at all books every so many steps. Default 400. */
  readonly auditEvery?: number;
  /** And after each step from here on. Default never. */
  readonly auditFrom?: number;
  /** The guard that was taken out, where it is one between the server and its provider. */
  readonly breaks?: Break | undefined;
  readonly onProgress?: (step: number) => void;
}

export interface Simulated {
  readonly seed: number;
  readonly ok: boolean;
  /** How many were done: fewer than asked for when something broke. */
  readonly steps: number;
  readonly commands: Counts;
  readonly faults: Counts;
  readonly schedules: Counts;
  /** Moves of errands that were made in the markets that the model follows, by transition. */
  readonly transitions: Counts;
  readonly invariants: Readonly<Record<Invariant, { readonly verdict: Verdict; readonly looks: number }>>;
  readonly model: { readonly verdict: Verdict; readonly looks: number };
  readonly breaches: readonly Breach[];
  /** The last step after which all was well: what broke is in one of those behind it. */
  readonly wellAt: number;
  /** SHA-256 over what was done and answered, storms apart. The same in every run of a seed. */
  readonly log: string;
  /** The last lines of it. */
  readonly lastLines: readonly string[];
}

type Counts = Readonly<Record<string, number>>;

const compareEvery = 20;
const linesKept = 12;

/**
 * Plays a seed: so many steps of honest and hostile people, faults and rounds against the whole server. Ends at the first
 * breach, after one look at everything.
 */
export async function simulate(options: SimulateOptions): Promise<Simulated> {
  const { seed, steps, auditEvery = 400, auditFrom = Number.POSITIVE_INFINITY, onProgress } = options;
  const { stage, story, at, close } = await setStage(options);
  const { findings } = stage;
  let wellAt = 0;
  const moments: Moments = new Map();
  try {
    for (let number = 1; number <= steps && findings.breaches.length === 0; number += 1) {
      at.step = number;
      await takeStep(stage, { number, random: randomOf(seed, number) });
      // What the step itself showed needs no looking for.
      if (findings.breaches.length > 0) wellAt = number - 1;
      if (number % compareEvery === 0) await compareWorld(stage.rows, stage.world, findings);
      const isAudit = number % auditEvery === 0 || number === steps || number >= auditFrom;
      if (isAudit && findings.breaches.length === 0) await audit(stage, moments, seed, number);
      if (isAudit && findings.breaches.length === 0) wellAt = number;
      onProgress?.(number);
    }
    if (findings.breaches.length > 0) await audit(stage, moments, seed, at.step);
    else await lastLook(stage, randomOf(seed, -steps - 1));
    const transitions = await transitionsMade(stage.rows, stage.world);
    return resultOf(stage, { seed, step: at.step, wellAt, story, transitions });
  } finally {
    await close();
  }
}

/** When all is said: payouts come to their ends, everything is told once more, and the seals are looked at. */
async function lastLook(stage: Stage, random: Random): Promise<void> {
  const { rows, books, lossy, storm, findings, world } = stage;
  await settlePayouts(stage);
  await toldAgain(stage, random);
  await auditPayouts({ rows, books, book: lossy.book, provider: lossy.provider, storm, world, findings });
  await auditBooks(rows, books, findings);
  await auditSeals(books, findings);
}

async function audit(stage: Stage, moments: Moments, seed: number, number: number): Promise<void> {
  const { rows, books, findings, world, clock } = stage;
  await auditBooks(rows, books, findings);
  await compareWorld(rows, world, findings, world.errands);
  await compareHouses(rows, world, findings);
  await auditMoments({ books, clock, random: randomOf(seed, -number), world, moments, findings, rows });
}

interface Story {
  readonly hash: ReturnType<typeof createHash>;
  readonly lines: string[];
}

async function setStage({ databaseUrl, seed, breaks }: SimulateOptions) {
  const clock = createVirtualClock();
  const ids = await openMarkets(databaseUrl, clock);
  const tally = { commands: new Map(), faults: new Map(), schedules: new Map() };
  const onFault = (fault: string): void => count(tally.faults, `provider ${fault}`);
  const lossy = await startProvider({ clock, random: randomOf(seed, 0), onFault });
  const { env } = lossy;
  const house = await startHouse({
    databaseUrl,
    clock,
    env,
    provider: asHeard(lossy.provider, breaks),
    asTold: asTold(env['SANDBOX_WEBHOOK_SECRET']!, breaks),
  });
  const { world, storm } = await castWorld(house, databaseUrl, clock, ids);
  const rows = new Client({ connectionString: databaseUrl, options: '-c TimeZone=UTC' });
  await rows.connect();
  // Verifying all seals in one transaction takes its time.
  const books = createDb({ url: databaseUrl, logger: silentLogger, transactionTimeoutMs: 300_000 });
  const at = { step: 0 };
  const findings = createFindings(() => at.step);
  const story: Story = { hash: createHash('sha256'), lines: [] };
  const tell = (line: string): void => {
    const whole = `${at.step} ${line}`;
    story.hash.update(`${whole}\n`);
    story.lines.push(whole);
    if (story.lines.length > linesKept) story.lines.shift();
  };
  const stage: Stage = {
    house,
    lossy,
    clock,
    world,
    storm,
    databaseUrl,
    rows,
    books,
    findings,
    tally,
    answered: [],
    tell,
  };
  const close = async (): Promise<void> => {
    await house.close();
    await lossy.close();
    await rows.end();
    await books.close();
  };
  return { stage, story, at, close };
}

interface End {
  readonly seed: number;
  readonly step: number;
  readonly wellAt: number;
  readonly story: Story;
  readonly transitions: Counts;
}

function resultOf({ findings, tally }: Stage, { seed, step, wellAt, story, transitions }: End): Simulated {
  const { breaches } = findings;
  const standing = (what: Invariant | 'model') => ({ verdict: findings.verdict(what), looks: findings.looks(what) });
  return {
    seed,
    ok: breaches.length === 0,
    steps: step,
    commands: Object.fromEntries(tally.commands),
    faults: Object.fromEntries(tally.faults),
    schedules: Object.fromEntries(tally.schedules),
    transitions,
    invariants: Object.fromEntries(invariantNames.map((name) => [name, standing(name)])) as Simulated['invariants'],
    model: standing('model'),
    breaches,
    wellAt,
    log: story.hash.digest('hex'),
    lastLines: story.lines,
  };
}
