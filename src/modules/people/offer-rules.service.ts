import { AppError, requireUser, uuidv7, type Clock, type Viewer } from '../../kernel/index.js';
import type { Db, Tx } from '../../db/index.js';
import { recordAct } from '../audit/index.js';
import { amountMinorMax, offerRulesOf, refuse, type OfferRules } from '../errands/index.js';
import { tierMax } from './standing.js';

/** What is left out or null is not asked for. */
export interface OfferRulesInput {
  /** 0 to 3. Default 0. */
  readonly tierNeeded?: number | null | undefined;
  /** `tierNeeded` to 3; goes with `higherTierAboveMinor`. */
  readonly higherTierNeeded?: number | null | undefined;
  /** Minor units, 0 or more. */
  readonly higherTierAboveMinor?: bigint | null | undefined;
  /** 1 to 1,000. */
  readonly withinKm?: number | null | undefined;
}

/** Who may bid in a market. They are looked at when somebody bids: offers that are made already stand. */
export interface OfferRulesService {
  get(viewer: Viewer): Promise<OfferRules>;
  /** All of them at once; an entry of the audit log. @throws AppError UNAUTHENTICATED, FORBIDDEN unless ADMIN, BAD_INPUT (every fault), VERSION_CONFLICT */
  set(viewer: Viewer, input: OfferRulesInput, expectedVersion?: number | null): Promise<OfferRules>;
}

export interface OfferRulesServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
}

export const withinKmMax = 1_000;

export function createOfferRulesService({ db, clock }: OfferRulesServiceDeps): OfferRulesService {
  return {
    get: ({ tenantId }) => offerRulesOf(db.read, tenantId),
    async set(viewer, input, expectedVersion) {
      const admin = requireUser(viewer);
      const { tenantId } = admin;
      if (!admin.roles.has('ADMIN')) throw new AppError('FORBIDDEN', 'Who may bid is decided by the role ADMIN.');
      const asked = parseRules(input);
      return db.write(async (tx) => {
        const { version, ...before } = await lockRules(tx, tenantId);
        if (expectedVersion != null && expectedVersion !== version) throw conflict(version, expectedVersion);
        const createdAt = clock.now();
        const rules = { ...asked, version: version + 1 };
        await tx.offerRules.createMany({ data: [{ id: uuidv7(createdAt.getTime()), tenantId, ...rules, createdAt }] });
        await recordAct(tx, admin, { action: 'setOfferRules', targetId: tenantId, before, after: asked }, createdAt);
        return rules;
      });
    },
  };
}

function parseRules(input: OfferRulesInput): Omit<OfferRules, 'version'> {
  const { tierNeeded, higherTierNeeded, higherTierAboveMinor, withinKm } = input;
  const lowest = tierNeeded ?? 0;
  const isPair = (higherTierNeeded == null) === (higherTierAboveMinor == null);
  const isAmount = higherTierAboveMinor == null || (higherTierAboveMinor >= 0n && higherTierAboveMinor <= aboveMax);
  refuse([
    ...wholeFaults('tierNeeded', lowest, 0, tierMax),
    ...wholeFaults('higherTierNeeded', higherTierNeeded, lowest, tierMax),
    ...wholeFaults('withinKm', withinKm, 1, withinKmMax),
    ...(isPair ? [] : [{ path: 'input.higherTierNeeded', message: 'goes with higherTierAbove: give both or none.' }]),
    ...(isAmount ? [] : [{ path: 'input.higherTierAbove', message: `takes 0 to ${aboveMax} minor units.` }]),
  ]);
  return {
    tierNeeded: lowest,
    higherTierNeeded: higherTierNeeded ?? null,
    higherTierAbove: higherTierAboveMinor ?? null,
    withinKm: withinKm ?? null,
  };
}

/** A budget and as much for goods. */
const aboveMax = 2n * amountMinorMax;

function wholeFaults(name: string, value: number | null | undefined, min: number, max: number) {
  if (value == null || (Number.isInteger(value) && value >= min && value <= max)) return [];
  return [{ path: `input.${name}`, message: `takes a whole number from ${min} to ${max}, got ${value}.` }];
}

/** Changes of a market's rules are made one after another. Keys that refer to the market go on. */
async function lockRules(tx: Tx, tenantId: string): Promise<OfferRules> {
  await tx.$queryRaw`SELECT 1 FROM tenant WHERE id = ${tenantId}::uuid FOR NO KEY UPDATE`;
  return offerRulesOf(tx, tenantId);
}

function conflict(version: number, expected: number): AppError {
  const message = `The rules are at version ${version} and you expected ${expected}: read them again.`;
  return new AppError('VERSION_CONFLICT', message);
}
