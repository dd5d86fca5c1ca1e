import type { Db, Tx } from '../db/index.js';
import { invariant, type Clock, type Logger } from '../kernel/index.js';
import { castMarket } from './cast.js';
import { marketSpecs, type MarketSpec } from './catalogue.js';
import { chunksOf, load } from './load.js';
import { plotMarket, type Step } from './plot.js';
import { createRandom } from './random.js';
import { createWorld } from './world.js';
import type { World } from './world.type.js';

export interface SeedDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Brings the bank directory in. */
  readonly importBanks: (tx: Tx) => Promise<unknown>;
  /** Of the password all demo logins share. */
  readonly passwordHash: string;
  /** Rows written so far, and in all. */
  readonly onProgress?: (done: number, all: number) => void;
  /** Default 1: the same number tells the same stories. */
  readonly seed?: number;
  /** Share of the full demo's errands, above 0, up to 1. Default 1. */
  readonly scale?: number;
}

export interface Seeded {
  /** False when there was a tenant already; then nothing was written. */
  readonly isNew: boolean;
  readonly errands: number;
  readonly users: number;
  readonly tookMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;
/** The markets opened this long ago, a little before the oldest story starts. */
const openedMsAgo = 75 * dayMs;
const adaWalletMinor = 25_000_000n;
/** Written last: markets that are still being loaded have another slug, so nobody sees half of one. */
const loadingSuffix = '-loading';

/**
 * Fills an empty database with a lively demo: two markets, their people, errands in every state a person or a timer
 * brings about, and a ledger that balances, told by the same rules that run the market. The present is `clock.now()`.
 * Does nothing beside a tenant; a load that was cut off is finished by the next call. No outbox rows: history is no news.
 */
export async function seedDemo(deps: SeedDeps): Promise<Seeded> {
  const { db, logger, importBanks, onProgress = () => {} } = deps;
  const startedMs = performance.now();
  const tenants = await db.read.tenant.findMany();
  if (tenants.some(({ slug }) => !slug.endsWith(loadingSuffix)))
    return { isNew: false, errands: 0, users: 0, tookMs: 0 };
  const now = tenants[0] ? new Date(tenants[0].createdAt.getTime() + openedMsAgo) : deps.clock.now();
  const worlds = tellDemo({ ...deps, now });
  await db.write(async (tx) => {
    const data = worlds.map(({ cast }) => ({ ...cast.tenant, slug: `${cast.tenant.slug}${loadingSuffix}` }));
    await tx.tenant.createMany({ data, skipDuplicates: true });
  });
  await load(db, worlds.flatMap(chunksOf), onProgress);
  await db.write(async (tx) => {
    await importBanks(tx);
    for (const { cast } of worlds)
      await tx.tenant.update({ where: { id: cast.tenant.id }, data: { slug: cast.tenant.slug } });
  });
  const count = (size: (world: World) => number): number => worlds.reduce((sum, world) => sum + size(world), 0);
  const users = count(({ cast }) => cast.rows.users.length);
  const seeded = {
    isNew: true,
    errands: count(({ errands }) => errands.size),
    users,
    tookMs: performance.now() - startedMs,
  };
  logger.info(seeded, 'demo markets loaded');
  return seeded;
}

export interface DemoOptions {
  /** The demo's present. */
  readonly now: Date;
  readonly passwordHash: string;
  readonly seed?: number;
  readonly scale?: number;
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
  { now, passwordHash, scale = 1, onStep = () => {} }: DemoOptions,
): World {
  const cast = castMarket(spec, random, new Date(now.getTime() - openedMsAgo), passwordHash);
  const world = createWorld(cast);
  const steps = [
    ...plotMarket(cast, Math.ceil(spec.errands * scale), random, now),
    ...lastTopUp(cast.ada?.userId, now),
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
