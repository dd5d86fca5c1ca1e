import { isStaff, notFound, uuidOf, type Currency, type Viewer } from '../../kernel/index.js';
import type { Escrow as EscrowRow, EscrowState } from '../../db/index.js';
import type { Decision, Errand, MoneyFacts, Offer, Settlement } from '../errands/index.js';
import type { JournalDraft } from '../ledger/index.js';
import { deliverySettlement, type EscrowParts, type FeeRates } from './fees.js';

export type Escrow = Readonly<EscrowRow>;
export type { EscrowState };

export const escrowStates = [
  'AWAITING_FUNDS',
  'FUNDED',
  'PARTIALLY_RELEASED',
  'RELEASED',
  'REFUNDED',
  'SPLIT',
  'VOID',
] as const satisfies readonly EscrowState[];

/** @throws AppError NOT_FOUND unless a party to it, or staff, of the same tenant */
export function assertParty(viewer: Viewer, escrow: Pick<Escrow, 'id' | 'tenantId' | 'customerId' | 'runnerId'>): void {
  const isParty = viewer.kind === 'user' && (viewer.userId === escrow.customerId || viewer.userId === escrow.runnerId);
  if (viewer.tenantId !== escrow.tenantId || !(isParty || isStaff(viewer))) throw notFound('escrow', escrow.id);
}

/** The escrow of an accepted offer, waiting for its money: the offer and the goods budget. */
export function newEscrowRow(
  errand: Errand,
  offer: Pick<Offer, 'runnerId' | 'amount'>,
  feePlanId: string,
  id: string,
  now: Date,
): Escrow {
  return {
    id,
    tenantId: errand.tenantId,
    errandId: errand.id,
    customerId: errand.customerId,
    runnerId: offer.runnerId,
    feePlanId,
    currency: errand.currency,
    gross: offer.amount + errand.goodsBudget,
    funded: 0n,
    released: 0n,
    refunded: 0n,
    goods: errand.goodsBudget,
    ...nothingOut,
    state: 'AWAITING_FUNDS',
    frozenByDispute: null,
    fundedAt: null,
    retiredAt: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}

const nothingOut = {
  serviceReleased: 0n,
  commissionReleased: 0n,
  vatReleased: 0n,
  goodsReceipted: 0n,
  goodsAdvanced: 0n,
  tips: 0n,
} as const;

type InParts = Pick<
  Escrow,
  'gross' | 'goods' | 'serviceReleased' | 'commissionReleased' | 'vatReleased' | 'goodsReceipted' | 'goodsAdvanced'
>;

/** What is still held of each part, before it is settled: without the milestones and the goods that were paid. */
export function partsOf(escrow: InParts): EscrowParts {
  const { gross, goods, serviceReleased: service, commissionReleased: commission, vatReleased: vat } = escrow;
  const paid = { service, commission, vat };
  return { service: gross - goods - service, goods: goods - escrow.goodsAdvanced, paid };
}

/**
 * What was spent of the goods part, paid in advance or not, when nobody says so: what the receipts say. Without any, goods
 * go back to the customer; errands of the first process version, which knew no receipts, pay the whole budget.
 */
export function goodsByReceipts({ goods, goodsReceipted }: InParts, errand: Pick<Errand, 'processVersion'>): bigint {
  return errand.processVersion === 1 && goodsReceipted === 0n ? goods : goodsReceipted;
}

/** Of what is held of the goods part, the runner's, when `spent` was spent in all. */
export function heldGoodsSpent({ goodsAdvanced }: InParts, spent: bigint): bigint {
  return spent - goodsAdvanced;
}

/** Who gets the money of a delivery about which the customer says nothing. */
export function silentSettlement(rates: FeeRates, escrow: InParts, errand: Pick<Errand, 'processVersion'>): Settlement {
  return deliverySettlement(rates, partsOf(escrow), heldGoodsSpent(escrow, goodsByReceipts(escrow, errand)));
}

export function moneyFactsOf(escrow: Escrow, settle?: () => Settlement): MoneyFacts {
  const { id: escrowId, customerId, runnerId } = escrow;
  const [isFrozen, hasReleased] = [escrow.frozenByDispute !== null, escrow.released > 0n];
  return {
    escrowId,
    customerId,
    runnerId,
    isFrozen,
    hasReleased,
    ...partsOf(escrow),
    ...(settle && { settle }),
  };
}

export function fundedPatch({ gross }: Escrow, now: Date) {
  return { state: 'FUNDED', funded: gross, fundedAt: now } as const;
}

/**
 * What went out of the escrow, and how it ends: RELEASED by a delivery, REFUNDED or SPLIT by calling it off, any of the
 * three by a dispute.
 */
export function settledPatch(escrow: Escrow, settlement: Settlement, how: 'delivered' | 'calledOff' | 'disputed') {
  const refunded = escrow.refunded + settlement.customer;
  const released = escrow.funded - refunded;
  const calledOff = released === 0n ? ('REFUNDED' as const) : ('SPLIT' as const);
  const isAllReleased = how === 'delivered' || (how === 'disputed' && refunded === 0n);
  const state: EscrowState = isAllReleased ? 'RELEASED' : calledOff;
  return { state, released, refunded };
}

/**
 * The booking of a transition that moves money. Its id is a function of the errand's version, so one transition of one
 * version is booked once, whoever tries again.
 */
export function journalOf(errand: Errand, decision: Decision): JournalDraft {
  const { transition, postings, event } = decision;
  return {
    id: uuidOf(`journal:${errand.id}:${errand.version}:${transition}`),
    tenantId: errand.tenantId,
    kind: `errand.${transition}`,
    businessRef: `errand:${errand.id}`,
    currency: errand.currency as Currency,
    effectiveAt: event.at,
    recordedAt: event.at,
    actorId: event.actorId,
    postings,
  };
}
