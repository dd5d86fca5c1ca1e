import { notFound, uuidOf, type Currency, type Money, type Viewer } from '../../kernel/index.js';
import type {
  Charge as ChargeRow,
  ChargeDetour,
  ChargeLanding,
  ChargePurpose,
  ChargeState,
  Prisma,
} from '../../db/index.js';

export type Charge = Readonly<ChargeRow>;
export type { ChargeDetour, ChargeLanding, ChargePurpose, ChargeState };

/** PENDING until the provider has said how it went, however long nobody knows. Money that came after a failure still counts. */
export const chargeStates = ['PENDING', 'SUCCEEDED', 'FAILED'] as const satisfies readonly ChargeState[];
export const chargePurposes = ['WALLET', 'ERRAND'] as const satisfies readonly ChargePurpose[];
export const chargeLandings = ['WALLET', 'ERRAND', 'SUSPENSE'] as const satisfies readonly ChargeLanding[];
export const chargeDetours = [
  'OTHER_AMOUNT',
  'OTHER_CURRENCY',
  'ERRAND_MOVED_ON',
  'TAKEN_BACK',
] as const satisfies readonly ChargeDetour[];

/** A charge's id is a function of whose it is and of its reference, so that a repeated one is the same. */
export function chargeIdOf(provider: string, userId: string, reference: string): string {
  return uuidOf(`charge:${provider}:${userId}:${reference}`);
}

export function askedFor({ amount, currency }: Pick<Charge, 'amount' | 'currency'>): Money {
  return { minor: amount, currency: currency as Currency };
}

/** @throws AppError NOT_FOUND unless it is the viewer's own, or the viewer is FINANCE of its market */
export function assertChargeVisible(viewer: Viewer, charge: Pick<Charge, 'id' | 'tenantId' | 'userId'>): void {
  const isOwn = viewer.kind === 'user' && viewer.userId === charge.userId;
  if (viewer.tenantId !== charge.tenantId || !(isOwn || viewer.roles.has('FINANCE')))
    throw notFound('charge', charge.id);
}

/** What has not ended is asked about after 10 seconds, then after twice as long each time, up to 6 hours. */
export function nextCheckAt(checks: number, now: Date): Date {
  return new Date(now.getTime() + Math.min(firstCheckMs * 2 ** Math.min(checks, 20), checkMsMax));
}

/**
 * A payer may try a failed payment again on the provider's page, and nobody may tell: it is asked about for a week from when
 * the provider was asked to charge. Null when that is over.
 */
export function nextLookAtFailed({ askedAt }: Pick<Charge, 'askedAt'>, checks: number, now: Date): Date | null {
  return now.getTime() - askedAt.getTime() < failedWatchMs ? nextCheckAt(checks, now) : null;
}

const failedWatchMs = 7 * 24 * 60 * 60 * 1000;
const firstCheckMs = 10_000;
const checkMsMax = 6 * 60 * 60 * 1000;

/** A charge that is newly written down, before the provider hears of it. */
export function newChargeRow(
  charge: Pick<Prisma.ChargeCreateManyInput, 'id' | 'tenantId' | 'userId' | 'provider' | 'purpose'> &
    Pick<Prisma.ChargeCreateManyInput, 'errandId' | 'offerId'>,
  { minor, currency }: Money,
  now: Date,
): Prisma.ChargeCreateManyInput {
  return {
    ...charge,
    providerRef: charge.id,
    amount: minor,
    currency,
    state: 'PENDING',
    askedAt: now,
    nextCheckAt: nextCheckAt(0, now),
    createdAt: now,
    updatedAt: now,
  };
}
