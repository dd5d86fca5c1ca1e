import { cancellationBps, commissionBps, newEscrow, restOf, share, stepsOf } from './model.money.js';
import { offerMoves } from './model.offers.js';
import {
  kindOf,
  refuse,
  type Kind,
  type ModelDispute,
  type ModelErrand,
  type ModelOffer,
  type State,
  type Who,
} from './model.type.js';

const hour = 3_600_000;
const day = 24 * hour;

export interface ModelOptions {
  /** What this model gets wrong, to see whether anybody notices. */
  readonly wrongAbout?: 'frozen' | 'change' | undefined;
}

/**
 * The market as it ought to be, in memory and written without the program: who may do what when, and where every minor unit is
 * then. Amounts are minor units, times milliseconds.
 */
export function createModel({ wrongAbout }: ModelOptions = {}) {
  const balances = new Map<string, bigint>();
  const errands: ModelErrand[] = [];
  const add = (account: string, amount: bigint) => balances.set(account, (balances.get(account) ?? 0n) + amount);
  const balance = (account: string) => balances.get(account) ?? 0n;

  function permit(e: ModelErrand, who: Who, allowed: readonly Kind[], from: readonly State[]): Kind {
    const kind = kindOf(e, who);
    if (!e.isPublished && kind !== 'customer' && kind !== 'staff') refuse('NOT_FOUND');
    if (!allowed.includes(kind)) refuse('FORBIDDEN');
    if (!from.includes(e.state)) refuse('ILLEGAL_TRANSITION');
    return kind;
  }
  function spend(who: Who, amount: bigint): void {
    if (balance(who) < amount) refuse('INSUFFICIENT_FUNDS');
    add(who, -amount);
  }
  /** Empties an escrow; what is left of its two parts goes where it is said. */
  function empty(
    e: ModelErrand,
    parts: { runner: bigint; customer: bigint; commission: bigint; vat: bigint; fee?: bigint },
  ) {
    const escrow = e.escrow!;
    add(e.runner!, parts.runner);
    add(e.customer, parts.customer);
    add('commission', parts.commission);
    add('vat', parts.vat);
    add('cancellation', parts.fee ?? 0n);
    escrow.refunded += parts.customer;
    escrow.released = escrow.funded - escrow.refunded;
    [escrow.service, escrow.goods] = [0n, 0n];
  }
  function deliver(e: ModelErrand, goodsToRunner: bigint): void {
    const { service, goods, paid } = e.escrow!;
    const [runner, commission, vat] = restOf(service, paid);
    const change = wrongAbout === 'change' ? 0n : goods - goodsToRunner;
    empty(e, { runner: runner + goodsToRunner, commission, vat, customer: change });
    e.state = 'COMPLETED';
  }
  function giveBack(e: ModelErrand): void {
    const { service, goods } = e.escrow!;
    empty(e, { runner: 0n, customer: service + goods, commission: 0n, vat: 0n });
  }
  function closeOffers(e: ModelErrand, ...states: readonly ModelOffer['state'][]): void {
    for (const offer of e.offers.values())
      if (states.includes(offer.state === 'COUNTERED' ? 'PENDING' : offer.state)) offer.state = 'CLOSED';
  }
  const isTooLate = ({ startBy }: ModelErrand, now: number) => startBy !== null && startBy + hour <= now;
  const held = ({ escrow }: ModelErrand) => (escrow ? escrow.service + escrow.goods : 0n);

  const moves = {
    ...offerMoves(permit, isTooLate),
    post(who: Who, amount: bigint, now: number): ModelErrand {
      const e: ModelErrand = {
        number: errands.length,
        customer: who,
        goodsBudget: amount % 400n,
        inAdvance: amount % 2n === 0n,
        startBy: amount % 5n === 0n ? now + 6 * hour : null,
        expiresAt: now + 7 * day,
        isPublished: amount % 4n !== 0n,
        state: amount % 4n === 0n ? 'DRAFT' : 'OPEN',
        runner: null,
        fundBy: 0,
        autoReleaseAt: 0,
        completedAt: 0,
        offers: new Map(),
        escrow: null,
        dispute: null,
      };
      errands.push(e);
      return e;
    },
    topUpWallet(who: Who, amount: bigint) {
      add(who, amount);
      add('psp', amount);
    },
    publish(e: ModelErrand, who: Who, now: number) {
      permit(e, who, ['customer'], ['DRAFT']);
      if (e.expiresAt <= now || isTooLate(e, now)) refuse('BAD_INPUT');
      [e.state, e.isPublished] = ['OPEN', true];
    },
    fund(e: ModelErrand, who: Who, now: number) {
      permit(e, who, ['customer'], ['AWAITING_FUNDING']);
      if (e.fundBy <= now || isTooLate(e, now)) refuse('ILLEGAL_TRANSITION');
      spend(who, held(e));
      [e.escrow!.funded, e.escrow!.fundedAt, e.state] = [held(e), now, 'ASSIGNED'];
      closeOffers(e, 'PENDING');
    },
    start(e: ModelErrand, who: Who, now: number) {
      permit(e, who, ['assignedRunner'], ['ASSIGNED']);
      if (isTooLate(e, now)) refuse('ILLEGAL_TRANSITION');
      e.state = 'IN_PROGRESS';
    },
    submitProof(e: ModelErrand, who: Who, now: number) {
      permit(e, who, ['assignedRunner'], ['IN_PROGRESS']);
      [e.state, e.autoReleaseAt] = ['DELIVERED', now + 72 * hour];
    },
    confirm(e: ModelErrand, who: Who, now: number, goodsSpent: bigint) {
      permit(e, who, ['customer'], wrongAbout === 'frozen' ? ['DELIVERED', 'DISPUTED'] : ['DELIVERED']);
      const { receipted, advanced, goodsTotal } = e.escrow!;
      if (goodsSpent < receipted || goodsSpent > goodsTotal) refuse('BAD_INPUT');
      deliver(e, goodsSpent - advanced);
      e.completedAt = now;
    },
    cancel(e: ModelErrand, who: Who, now: number) {
      permit(e, who, ['customer'], ['DRAFT', 'OPEN', 'AWAITING_FUNDING', 'ASSIGNED']);
      if (e.state === 'ASSIGNED') {
        const gross = held(e);
        const fee = now - e.escrow!.fundedAt <= 15 * 60_000 ? 0n : (gross * cancellationBps) / 10_000n;
        const own = (fee * commissionBps) / 10_000n;
        empty(e, { runner: fee - own, customer: gross - fee, commission: 0n, vat: 0n, fee: own });
      } else {
        if (e.escrow) e.escrow = { ...newEscrow(0n, 0n) };
        e.runner = null;
      }
      closeOffers(e, 'PENDING', 'ACCEPTED');
      e.state = 'CANCELLED';
    },
    drop(e: ModelErrand, who: Who) {
      permit(e, who, ['assignedRunner', 'staff'], ['ASSIGNED', 'IN_PROGRESS']);
      if (e.escrow!.released > 0n) refuse('ILLEGAL_TRANSITION');
      giveBack(e);
      closeOffers(e, 'ACCEPTED');
      [e.state, e.runner, e.escrow] = ['OPEN', null, null];
    },
    agreeSteps(e: ModelErrand, who: Who, _: number, first: bigint) {
      permit(e, who, ['customer'], ['AWAITING_FUNDING', 'ASSIGNED']);
      e.escrow!.steps = stepsOf(e.escrow!.service, first).map((amount) => ({ amount, isReleased: false }));
    },
    releaseStep(e: ModelErrand, who: Who, _: number, seq: number) {
      permit(e, who, ['customer'], ['IN_PROGRESS', 'DELIVERED']);
      const escrow = e.escrow!;
      const step = escrow.steps[seq - 1];
      if (!step) refuse('BAD_INPUT');
      if (step.isReleased) refuse('ILLEGAL_TRANSITION');
      const [runner = 0n, commission = 0n, vat = 0n] = share(step.amount, restOf(escrow.service, escrow.paid));
      add(e.runner!, runner);
      add('commission', commission);
      add('vat', vat);
      step.isReleased = true;
      escrow.service -= step.amount;
      escrow.released += step.amount;
      escrow.paid.service += step.amount;
      escrow.paid.commission += commission;
      escrow.paid.vat += vat;
    },
    topUpEscrow(e: ModelErrand, who: Who, _: number, part: 'service' | 'goods', amount: bigint) {
      permit(e, who, ['customer'], ['ASSIGNED', 'IN_PROGRESS', 'DELIVERED']);
      spend(who, amount);
      e.escrow![part] += amount;
      if (part === 'goods') e.escrow!.goodsTotal += amount;
      e.escrow!.funded += amount;
    },
    tip(e: ModelErrand, who: Who, now: number, amount: bigint) {
      permit(e, who, ['customer'], ['IN_PROGRESS', 'DELIVERED', 'COMPLETED']);
      const { tips, funded } = e.escrow!;
      if (e.state === 'COMPLETED' && e.completedAt + 30 * day <= now) refuse('ILLEGAL_TRANSITION');
      if (tips + amount > funded - e.escrow!.goodsTotal) refuse('LIMIT_EXCEEDED');
      spend(who, amount);
      add(e.runner!, amount);
      e.escrow!.tips += amount;
    },
    receipt(e: ModelErrand, who: Who, _: number, amount: bigint) {
      permit(e, who, ['assignedRunner'], ['IN_PROGRESS']);
      const escrow = e.escrow!;
      if (escrow.receipted + amount > e.escrow!.goodsTotal) refuse('LIMIT_EXCEEDED');
      escrow.receipted += amount;
      if (!e.inAdvance) return;
      escrow.advanced += amount;
      escrow.goods -= amount;
      escrow.released += amount;
      add(e.runner!, amount);
    },
    dispute(e: ModelErrand, who: Who, now: number, claim: bigint) {
      const kind = permit(e, who, ['customer', 'assignedRunner'], ['IN_PROGRESS', 'DELIVERED']) as
        'customer' | 'assignedRunner';
      if (e.state === 'DELIVERED' && e.autoReleaseAt <= now) refuse('ILLEGAL_TRANSITION');
      if (held(e) === 0n) refuse('ILLEGAL_TRANSITION');
      if (e.escrow!.disputes[kind] >= 3) refuse('LIMIT_EXCEEDED');
      if (claim > held(e)) refuse('BAD_INPUT');
      e.escrow!.disputes[kind] += 1;
      const times = { openedAt: now, dueAt: now + 48 * hour };
      const story = { byCustomer: kind === 'customer', claim, openedFrom: e.state };
      e.dispute = { ...story, ...times, state: 'AWAITING_RESPONSE', customerAmount: 0n };
      e.state = 'DISPUTED';
    },
    respond(e: ModelErrand, who: Who, now: number) {
      const kind = permit(e, who, ['customer', 'assignedRunner'], ['DISPUTED']);
      const dispute = e.dispute!;
      if (dispute.state !== 'AWAITING_RESPONSE') refuse('ILLEGAL_TRANSITION');
      if (dispute.byCustomer === (kind === 'customer')) refuse('FORBIDDEN');
      if (dispute.dueAt <= now) refuse('ILLEGAL_TRANSITION');
      [dispute.state, dispute.dueAt] = ['UNDER_REVIEW', now + 72 * hour];
    },
    withdrawDispute(e: ModelErrand, who: Who, now: number) {
      const kind = permit(e, who, ['customer', 'assignedRunner'], ['DISPUTED']);
      const dispute = e.dispute!;
      if (dispute.state !== 'AWAITING_RESPONSE' && dispute.state !== 'UNDER_REVIEW') refuse('ILLEGAL_TRANSITION');
      if (dispute.byCustomer !== (kind === 'customer')) refuse('FORBIDDEN');
      dispute.state = 'WITHDRAWN';
      e.state = dispute.openedFrom;
      e.autoReleaseAt += now - dispute.openedAt;
    },
    /** A round of the timers: each kind in turn, as they stand in the table. */
    timers(now: number) {
      for (const e of errands)
        if (e.state === 'DELIVERED' && e.autoReleaseAt <= now) {
          deliver(e, e.escrow!.receipted - e.escrow!.advanced);
          e.completedAt = now;
        }
      for (const e of errands)
        if (e.state === 'ASSIGNED' && isTooLate(e, now)) {
          giveBack(e);
          closeOffers(e, 'ACCEPTED');
          e.state = 'EXPIRED';
        }
      for (const e of errands)
        if (e.state === 'AWAITING_FUNDING' && e.fundBy <= now) {
          closeOffers(e, 'ACCEPTED');
          [e.state, e.runner, e.escrow] = ['OPEN', null, newEscrow(0n, 0n)];
        }
      for (const e of errands)
        if (e.state === 'OPEN' && e.expiresAt <= now) {
          closeOffers(e, 'PENDING');
          e.state = 'EXPIRED';
        }
      for (const e of errands) if (e.expiresAt <= now) closeOffers(e, 'PENDING');
      for (const e of errands) if (e.state === 'DISPUTED' && e.dispute!.dueAt <= now) disputeDue(e, e.dispute!, now);
    },
  };

  function disputeDue(e: ModelErrand, dispute: ModelDispute, now: number): void {
    const { receipted, advanced, goods, service, paid } = e.escrow!;
    const all = service + goods;
    if (dispute.state !== 'RESOLVED') {
      const claim = dispute.claim < all ? dispute.claim : all;
      const byDefault = dispute.openedFrom === 'DELIVERED' ? goods - (receipted - advanced) : all;
      const byClaim = dispute.byCustomer ? claim : all - claim;
      dispute.customerAmount = dispute.state === 'UNDER_REVIEW' ? byDefault : byClaim;
      [dispute.state, dispute.dueAt] = ['RESOLVED', now + 48 * hour];
      return;
    }
    const customer = dispute.customerAmount;
    const [ofService = 0n, ofGoods = 0n] = share(all - customer, [service, goods]);
    const [runner, commission, vat] = restOf(ofService, paid);
    empty(e, { runner: runner + ofGoods, commission, vat, customer });
    dispute.state = 'FINAL';
    e.completedAt = now;
    e.state = customer === all ? 'CANCELLED' : 'COMPLETED';
    if (customer === all) closeOffers(e, 'ACCEPTED');
  }

  return { balances, errands, moves };
}

export type Model = ReturnType<typeof createModel>;
