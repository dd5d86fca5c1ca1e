import type { Db, FeePlan, Tenant, Tx } from '../../db/index.js';
import { AppError, uuidv7, type Clock } from '../../kernel/index.js';
import { insertAdmin, parseAdmin, type Passwords } from '../users/index.js';
import { parseFees, parseMarket, slugPattern, type MarketFees, type NewMarket } from './market.input.js';
import { loadingSuffix, takeTurn } from './market.turn.js';

/** A version of a market's fees. Versions are never changed: an escrow keeps the one it began with. */
export interface FeeVersion extends MarketFees {
  readonly version: number;
  readonly since: Date;
}

export interface MarketListing {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly currency: string;
  readonly openedAt: Date;
  /** Undefined: somebody put the market in by hand, without fees; no offer can be accepted in it. */
  readonly fees: FeeVersion | undefined;
}

export interface OpenedMarket extends MarketListing {
  readonly fees: FeeVersion;
  readonly admin: { readonly id: string; readonly email: string };
}

export interface ChangedFees {
  readonly slug: string;
  readonly currency: string;
  readonly fees: FeeVersion;
  /** False when the newest version said the same already; nothing was written then. */
  readonly isNew: boolean;
}

export interface MarketService {
  /**
   * A market with its fees and its first admin, all or nothing.
   * @throws AppError BAD_INPUT (every fault); ALREADY_EXISTS (a market with this slug); UNAVAILABLE (retryable: the demo is being loaded)
   */
  open(input: NewMarket): Promise<OpenedMarket>;
  /**
   * A new version of the fees, for offers that are accepted and payouts that are asked for from now on. What is left out stays as it is.
   * @throws AppError BAD_INPUT, NOT_FOUND (no such market)
   */
  changeFees(slug: string, change: Partial<MarketFees>): Promise<ChangedFees>;
  /** Every market by slug with its newest fees; the first 1,000. */
  all(): Promise<readonly MarketListing[]>;
}

export interface MarketServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  readonly passwords: Pick<Passwords, 'hash'>;
}

const planName = 'standard';
const allMax = 1000;

export function createMarketService(deps: MarketServiceDeps): MarketService {
  const { db } = deps;
  return {
    open: async (input) => open(deps, input),
    changeFees: async (slug, change) => changeFees(deps, slug, change),
    async all() {
      const include = { feePlans: { orderBy: [...newestFirst], take: 1 } };
      const rows = await db.read.tenant.findMany({ orderBy: { slug: 'asc' }, take: allMax, include });
      return rows.map(({ feePlans: [plan], ...tenant }) => listingOf(tenant, plan && versionOf(plan)));
    },
  };
}

async function open({ db, clock, passwords }: MarketServiceDeps, input: NewMarket): Promise<OpenedMarket> {
  const { fees, ...market } = parseMarket(input);
  const { password, ...admin } = parseAdmin(input.admin);
  const passwordHash = await passwords.hash(password);
  return db.write(async (tx) => {
    await takeTurn(tx);
    await requireFree(tx, market.slug);
    const now = clock.now();
    const tenant = { id: uuidv7(now.getTime()), ...market, createdAt: now };
    await tx.tenant.createMany({ data: [tenant] });
    const plan = await addVersion(tx, { tenantId: tenant.id, name: planName, version: 1, createdAt: now }, fees);
    const adminId = await insertAdmin(tx, { tenantId: tenant.id, passwordHash, ...admin }, now);
    return { ...listingOf(tenant, plan), fees: plan, admin: { id: adminId, email: admin.email } };
  });
}

/** @throws AppError ALREADY_EXISTS, UNAVAILABLE */
async function requireFree(tx: Tx, slug: string): Promise<void> {
  if ((await tx.tenant.count({ where: { slug: { endsWith: loadingSuffix } } })) > 0) {
    const message = 'The demo is being loaded into this database; open the market when that has ended.';
    throw new AppError('UNAVAILABLE', message, { retryable: true });
  }
  if ((await tx.tenant.count({ where: { slug } })) > 0) {
    throw new AppError('ALREADY_EXISTS', `There is a market named "${slug}" already; nothing was changed.`);
  }
}

async function changeFees(
  { db, clock }: MarketServiceDeps,
  slug: string,
  change: Partial<MarketFees>,
): Promise<ChangedFees> {
  if (Object.keys(change).length === 0) throw new AppError('BAD_INPUT', 'Name a fee to change.');
  return db.write(async (tx) => {
    const { id: tenantId, currency } = await lockMarket(tx, slug);
    const newest = await tx.feePlan.findFirst({ where: { tenantId }, orderBy: [...newestFirst] });
    if (!newest) throw new AppError('NOT_FOUND', `The market "${slug}" has no fees to change.`);
    const current = versionOf(newest);
    const { version, since, ...before } = current;
    const fees = parseFees({ ...before, ...change });
    if (isSame(before, fees)) return { slug, currency, fees: current, isNew: false };
    // Newer than the last one also by a clock that was set back: the newest is the one that holds.
    const createdAt = new Date(Math.max(clock.now().getTime(), since.getTime()));
    const place = { tenantId, name: newest.name, version: version + 1, createdAt };
    return { slug, currency, fees: await addVersion(tx, place, fees), isNew: true };
  });
}

/** Versions of one market are made one after another. Keys that refer to the market go on. @throws AppError NOT_FOUND */
async function lockMarket(tx: Tx, slug: string): Promise<Pick<Tenant, 'id' | 'currency'>> {
  const [found] = slugPattern.test(slug)
    ? await tx.$queryRaw<Pick<Tenant, 'id' | 'currency'>[]>`
        SELECT id, currency::text AS currency FROM tenant WHERE slug = ${slug} FOR NO KEY UPDATE`
    : [];
  if (found) return found;
  throw new AppError('NOT_FOUND', `No market named "${slug}".`);
}

type VersionPlace = Pick<FeePlan, 'tenantId' | 'name' | 'version' | 'createdAt'>;

async function addVersion(tx: Tx, place: VersionPlace, fees: MarketFees): Promise<FeeVersion> {
  await tx.feePlan.createMany({ data: [{ id: uuidv7(place.createdAt.getTime()), ...place, ...fees }] });
  return { ...fees, version: place.version, since: place.createdAt };
}

/** The order in which escrows and payouts choose theirs. */
const newestFirst = [{ createdAt: 'desc' }, { version: 'desc' }, { id: 'desc' }] as const;

function versionOf({ commissionBps, vatBps, cancellationBps, freeCancelMinutes, ...plan }: FeePlan): FeeVersion {
  const rates = { commissionBps, vatBps, cancellationBps, freeCancelMinutes };
  return { ...rates, payoutFee: plan.payoutFee, version: plan.version, since: plan.createdAt };
}

function isSame(one: MarketFees, other: MarketFees): boolean {
  return (Object.keys(one) as (keyof MarketFees)[]).every((name) => one[name] === other[name]);
}

function listingOf<Fees extends FeeVersion | undefined>(
  { id, slug, name, currency, createdAt }: Tenant,
  fees: Fees,
): MarketListing & { readonly fees: Fees } {
  return { id, slug, name, currency, openedAt: createdAt, fees };
}
