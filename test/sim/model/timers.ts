import { decided, deliveredInSilence, givenBack, payOut } from './money.js';
import {
  endStates,
  hourMs,
  isLive,
  isTooLateToStart,
  type Dispute,
  type Errand,
  type ErrandState,
  type Offer,
  type Person,
  type World,
} from './world.js';

export const appealWindowMs = 48 * hourMs;

/** What the rounds of the timers do at a moment, to every errand. @returns how many moves they make */
export function fireTimers({ errands }: World, nowMs: number): number {
  let fired = 0;
  for (const errand of errands) {
    if (endStates.includes(errand.state)) continue;
    for (const fire of [autoRelease, noShow, fundingTimeout, expire, offersExpire, disputeDue]) {
      if (fire(errand, nowMs)) fired += 1;
    }
  }
  return fired;
}

/** Takes what is owed from what has come in. @returns how many bookings that makes */
export function recoverOwed({ people }: World): number {
  let booked = 0;
  for (const person of people) {
    const amount = person.wallet < person.owed ? person.wallet : person.owed;
    if (amount === 0n) continue;
    person.wallet -= amount;
    person.owed -= amount;
    booked += 1;
  }
  return booked;
}

export function moveTo(errand: Errand, state: ErrandState): void {
  errand.state = state;
  errand.version += 1;
}

export function complete(errand: Errand, nowMs: number): void {
  moveTo(errand, 'COMPLETED');
  errand.completedAtMs = nowMs;
}

/** Nobody is its runner any more. */
export function forgetRunner(errand: Errand): void {
  errand.runner = undefined;
  errand.fundByMs = undefined;
}

/** @param from `PENDING`: and those that wait for their runner */
export function closeOffers(errand: Errand, from: 'PENDING' | 'ACCEPTED', to: Offer['state']): void {
  for (const offer of errand.offers) {
    const state = offer.state === 'COUNTERED' ? 'PENDING' : offer.state;
    if (state !== from) continue;
    offer.state = to;
    offer.version += 1;
  }
}

/** What a runner has offered and nobody has answered, or the customer with another price. */
export function closeOffersOf({ offers }: Errand, runner: Person, to: 'WITHDRAWN' | 'REJECTED'): void {
  for (const offer of offers.filter((one) => one.runner === runner && isLive(one, 0))) {
    offer.state = to;
    offer.version += 1;
  }
}

/** The decision in force is paid out; on appeal at once, else when nobody appeals. */
export function takeEffect(errand: Errand, dispute: Dispute, nowMs: number): void {
  const { customerAmount } = dispute.decisions.findLast(({ isDecided }) => isDecided)!;
  const escrow = errand.escrow!;
  const isRefund = customerAmount === escrow.held;
  payOut(errand, escrow, decided(escrow, customerAmount), 'decided');
  if (isRefund) closeOffers(errand, 'ACCEPTED', 'REJECTED');
  dispute.state = 'FINAL';
  dispute.dueAtMs = undefined;
  dispute.version += 1;
  if (isRefund) moveTo(errand, 'CANCELLED');
  else complete(errand, nowMs);
}

function autoRelease(errand: Errand, nowMs: number): boolean {
  const { autoReleaseAtMs = Number.POSITIVE_INFINITY } = errand;
  if (errand.state !== 'DELIVERED' || autoReleaseAtMs > nowMs) return false;
  const escrow = errand.escrow!;
  payOut(errand, escrow, deliveredInSilence(escrow), 'delivered');
  complete(errand, nowMs);
  return true;
}

function noShow(errand: Errand, nowMs: number): boolean {
  if (errand.state !== 'ASSIGNED' || !isTooLateToStart(errand, nowMs)) return false;
  payOut(errand, errand.escrow!, givenBack(errand.escrow!), 'calledOff');
  closeOffers(errand, 'ACCEPTED', 'EXPIRED');
  moveTo(errand, 'EXPIRED');
  return true;
}

function fundingTimeout(errand: Errand, nowMs: number): boolean {
  if (errand.state !== 'AWAITING_FUNDING' || errand.fundByMs! > nowMs) return false;
  closeOffers(errand, 'ACCEPTED', 'EXPIRED');
  errand.escrow!.state = 'VOID';
  forgetRunner(errand);
  moveTo(errand, 'OPEN');
  return true;
}

function expire(errand: Errand, nowMs: number): boolean {
  if (errand.state !== 'OPEN' || errand.expiresAtMs > nowMs) return false;
  closeOffers(errand, 'PENDING', 'EXPIRED');
  moveTo(errand, 'EXPIRED');
  return true;
}

function offersExpire({ offers }: Errand, nowMs: number): boolean {
  const stale = offers.filter((offer) => isLive(offer, 0) && offer.expiresAtMs <= nowMs);
  for (const offer of stale) {
    offer.state = 'EXPIRED';
    offer.version += 1;
  }
  return stale.length > 0;
}

function disputeDue(errand: Errand, nowMs: number): boolean {
  const { dispute } = errand;
  if (dispute?.dueAtMs === undefined || dispute.dueAtMs > nowMs) return false;
  if (dispute.state !== 'AWAITING_RESPONSE' && dispute.state !== 'UNDER_REVIEW') {
    takeEffect(errand, dispute, nowMs);
    return true;
  }
  const customerAmount = dispute.state === 'AWAITING_RESPONSE' ? silent(errand, dispute) : undecided(errand, dispute);
  dispute.decisions.push({ id: '', by: undefined, approvedBy: undefined, customerAmount, isDecided: true });
  dispute.state = 'RESOLVED';
  dispute.dueAtMs = nowMs + appealWindowMs;
  dispute.version += 1;
  return true;
}

/** Nobody answered: who opened the dispute gets what they claim. */
function silent({ escrow }: Errand, { claim, openedByCustomer }: Dispute): bigint {
  return openedByCustomer ? claim : escrow!.held - claim;
}

/** Nobody decided: with proof of delivery the runner is paid, goods by receipts, else the customer is. */
function undecided({ escrow }: Errand, { openedFrom }: Dispute): bigint {
  return openedFrom === 'DELIVERED' ? escrow!.goods - escrow!.receipted : escrow!.held;
}
