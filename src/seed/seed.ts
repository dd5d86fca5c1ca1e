import type { Db, Tx } from '../db/index.js';
import { invariant, type Clock, type Logger } from '../kernel/index.js';
import type { BookLine } from '../modules/providers/index.js';
import { isLoading, loadingSuffix, takeTurn } from '../modules/markets/index.js';
import { castMarket, tenantOf } from './cast.js';
import { marketSpecs, type MarketSpec } from './catalogue.js';
import { chunksOf, load, type Chunk } from './load.js';
import { plotMarket } from './plot.js';
import type { Step } from './plot.type.js';
import { createRandom } from './random.js';
import type { PayoutMeans } from './story.payouts.js';
import { createWorld } from './world.js';
import type { World } from './world.type.js';

export interface SeedDeps {
  readonly db: Pick<Db, 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Brings the bank directory in. */
  readonly importBanks: (tx: Tx) => Promise<unknown>;
  /** Of the password all demo logins share. */
  readonly passwordHash: string;
  /** Default undefined: nobody has a payout account, and nothing is paid out. */
  readonly means?: PayoutMeans | undefined;
  /** Hands the sandbox provider what it knows of the stories, before the markets open; at times more than once. */
  readonly keepBook?: ((lines: readonly BookLine[]) => void) | undefined;
  /** Rows written so far, and in all. */
  readonly onProgress?: (done: number, all: number) => void;
  /** Default 1: the same number tells the same stories. */
  readonly seed?: number;
  /** Share of the full demo's errands, above 0, up to 1. Default 1. */
  readonly scale?: number;
}

export interface Seeded {
  /** False when the markets were open already, or another process came to open them first. */
  readonly isNew: boolean;
  readonly errands: number;
  readonly users: number;
  readonly tookMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;
/** The markets opened this long ago, a little before the oldest story starts. */
const openedMsAgo = 75 * dayMs;
const adaWalletMinor = 25_000_000n;

/**
 * Fills an empty database with a lively demo: two markets, their people, errands in every state a person or a timer
 * brings about, and a ledger that balances, told by the same rules that run the market. The present is `clock.now()`.
 * Does nothing beside a tenant; a load that was cut off is finished by the next call, and processes that start at once
 * load the same demo together. No outbox rows: history is no news.
 */
export async function seedDemo(deps: SeedDeps): Promise<Seeded> {
  const { db, clock, logger, importBanks, onProgress = () => {} } = deps;
  const startedMs = performance.now();
  const begunAt = await claimMarkets(db, clock.now());
  if (!begunAt) return notNew;
  const worlds = tellDemo({ ...deps, now: begunAt });
  // Before the payout accounts, which name banks.
  const banks: Chunk = { rows: 1, write: importBanks };
  if (!(await load(db, [banks, ...worlds.flatMap(chunksOf)], onProgress))) return notNew;
  deps.keepBook?.(worlds.flatMap(({ rows }) => rows.bookLines));
  if (!(await openMarkets(db, worlds))) return notNew;
  const count = (size: (world: World) => number): number => worlds.reduce((sum, world) => sum + size(world), 0);
  const users = count(({ cast }) => cast.rows.users.length);
  const seeded = {
    isNew: true,
    errands: count(({ rows }) => rows.errands.size),
    users,
    tookMs: performance.now() - startedMs,
  };
  logger.info(seeded, 'demo markets loaded');
  return seeded;
}

const notNew: Seeded = { isNew: false, errands: 0, users: 0, tookMs: 0 };

/**
 * Writes the tenants down, closed, unless another process or an earlier call did.
 * @returns the present of the stories, the same for everybody who tells them; undefined when there is nothing to load
 */
async function claimMarkets(db: SeedDeps['db'], now: Date): Promise<Date | undefined> {
  return db.write(async (tx) => {
    await takeTurn(tx);
    const [first] = await tx.tenant.findMany();
    if (!first) {
      const createdAt = new Date(now.getTime() - openedMsAgo);
      await tx.tenant.createMany({ data: marketSpecs.map((spec) => loadingTenant(spec, createdAt)) });
      return now;
    }
    return (await isLoading(tx)) ? new Date(first.createdAt.getTime() + openedMsAgo) : undefined;
  });
}

function loadingTenant(spec: MarketSpec, createdAt: Date) {
  const { id, slug, ...tenant } = tenantOf(spec, createdAt);
  return { id, slug: `${slug}${loadingSuffix}`, ...tenant };
}

/** The last write of a load. @returns false when another process did it */
async function openMarkets(db: SeedDeps['db'], worlds: readonly World[]): Promise<boolean> {
  return db.write(async (tx) => {
    await takeTurn(tx);
    if (!(await isLoading(tx))) return false;
    for (const { cast } of worlds) {
      const { id, slug } = cast.tenant;
      await tx.tenant.update({ where: { id }, data: { slug } });
    }
    return true;
  });
}

export interface DemoOptions {
  /** The demo's present. */
  readonly now: Date;
  readonly passwordHash: string;
  readonly seed?: number;
  readonly scale?: number;
  readonly means?: PayoutMeans | undefined;
  /** Called after every step of every story. */
  readonly onStep?: (world: World) => void;
}

/** Tells the demo's stories in memory, each market by itself, step by step in the order of time. */
export function tellDemo(options: DemoOptions): readonly World[] {
  return marketSpecs.map((spec, index) => tellMarket(spec, createRandom((options.seed ?? 1) * 1000 + index), options));
}

function tellMarket(
  spec: MarketSpec,
  random: ReturnType<typeof createRandom>,
  { now, passwordHash, means, scale = 1, onStep = () => {} }: DemoOptions,
): World {
  const cast = castMarket(spec, random, new Date(now.getTime() - openedMsAgo), passwordHash);
  const world = createWorld(cast, now, means);
  const steps = [
    ...plotMarket(cast, Math.ceil(spec.errands * scale), random, now),
    ...lastTopUp(cast.ada?.userId, now),
    { at: now, act: ({ restPayouts }: World) => restPayouts(now) },
  ];
  for (const { at, act } of steps) {
    invariant(at <= now, `a story of ${spec.slug} reaches into the future`);
    act(world, at);
    onStep(world);
  }
  return world;
}

/** Ada ends with a round sum to spend. */
function lastTopUp(adaId: string | undefined, now: Date): readonly Step[] {
  if (!adaId) return [];
  const act: Step['act'] = ({ cast, books, topUp }, at) => {
    const missing = adaWalletMinor - books.walletOf(adaId);
    if (cast.ada && missing > 0n) topUp(cast.ada, missing, at);
  };
  return [{ at: now, act }];
}
