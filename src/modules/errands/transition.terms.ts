import { tipWindowMs } from './extra.transitions.js';
import type { HandoverPhase } from './errand.js';
import { noShowGraceMs } from './start.window.js';
import { transitionNames, transitions, type TransitionName } from './transitions.js';
import type { Facts, TransitionRule } from './transition.rule.js';

/** A timer fires when its time has come, however late. */
export interface Timer {
  /** What it waits for, as the API calls it. */
  readonly waitsFor: string;
  /** Null while it does not run. */
  readonly at: (facts: Facts) => Date | null;
}

/** What the table of transitions does not say: by which door a transition comes, and when it comes by itself. */
export interface TransitionTerms {
  /** The mutation that fires it. None for a timer or an event. */
  readonly mutation?: string;
  /** What its guard asks for, in words: for the documentation. */
  readonly needs?: string;
  /** What it is about beside its errand. Default nothing. */
  readonly about?: 'offer' | 'dispute';
  /** Only arbiters and admins are asked, not all staff. Default false. */
  readonly isForArbiters?: boolean;
  /** Which code its caller gives, where the errand asks for one. */
  readonly code?: HandoverPhase;
  /** The facts that the caller's own words give, as a call gives them in which nothing is wrong. */
  readonly asks?: Partial<Facts>;
  /** What the caller says decides what is booked: it cannot be told beforehand. Default false. */
  readonly postingsDependOnInput?: boolean;
  readonly timer?: Timer;
  /** What fires it that is neither a call nor a time, in words: for the documentation. */
  readonly event?: string;
  /** When its guard begins to refuse it, where no timer says so. The earliest counts. */
  readonly until?: (facts: Facts) => readonly (Date | null | undefined)[];
}

const fromStart = ({ errand: { startBy } }: Facts): Date | null =>
  startBy && new Date(startBy.getTime() + noShowGraceMs);
const untilOfferEnds = (facts: Facts) => [facts.offer?.expiresAt, fromStart(facts)];
const startWindow = { waitsFor: '`startBy` and an hour', at: fromStart } as const satisfies Timer;
const disputeStep = {
  waitsFor: '`dispute.dueAt`',
  at: ({ dispute }) => dispute?.dueAt ?? null,
} as const satisfies Timer;
const ofDispute = { about: 'dispute' } as const satisfies TransitionTerms;

/** One line for each transition, in the order of the table. One that has none is offered to nobody and ends no right. */
const terms: Partial<Record<TransitionName, TransitionTerms>> = {
  publish: {
    needs: '`expiresAt` ahead, `startBy` at most an hour ago',
    mutation: 'publishErrand',
    until: (facts) => [facts.errand.expiresAt, fromStart(facts)],
  },
  placeOffer: {
    needs:
      'neither too late to bid nor to start; no other live offer of the runner; verified and near as the market asks; neither has blocked the other',
    mutation: 'makeOffer',
    until: (facts) => [fromStart(facts)],
  },
  acceptOffer: {
    needs: 'a PENDING offer before its time; not too late to start',
    mutation: 'acceptOffer',
    about: 'offer',
    until: untilOfferEnds,
  },
  counterOffer: {
    needs: 'as `acceptOffer`; not more than five times to one offer',
    mutation: 'counterOffer',
    about: 'offer',
    until: untilOfferEnds,
  },
  answerCounter: {
    needs: 'a COUNTERED offer of the runner before its time; not too late to start; a runner who could bid now',
    mutation: 'answerCounter',
    about: 'offer',
    until: untilOfferEnds,
  },
  acceptCounter: {
    needs: 'as `answerCounter`',
    mutation: 'acceptCounter',
    about: 'offer',
    until: untilOfferEnds,
  },
  fundFromWallet: {
    needs: 'before `fundBy`, not too late to start, the runner not suspended, money in the wallet',
    mutation: 'fundEscrow',
    until: (facts) => [fromStart(facts)],
  },
  fundFromCharge: {
    needs: 'before `fundBy`, not too late to start, the runner not suspended; the payment is of this very amount',
    event: 'a payment of `payForErrand` came in',
  },
  start: {
    needs: 'at most an hour after `startBy`',
    mutation: 'startErrand',
    code: 'PICKUP',
    asks: { hasCode: true },
    until: ({ errand, code }) => [errand.requiresPickupCode ? code?.expiresAt : null],
  },
  submitProof: { needs: 'a proof at least', mutation: 'submitProof', asks: { proofsCount: 1 } },
  confirm: { needs: 'no dispute about the escrow', mutation: 'confirmDelivery' },
  autoRelease: {
    needs: 'no dispute about the escrow',
    timer: { waitsFor: '`autoReleaseAt`', at: ({ errand }) => errand.autoReleaseAt },
  },
  fundingTimeout: { timer: { waitsFor: '`fundBy`', at: ({ errand }) => errand.fundBy } },
  cancelFree: { mutation: 'cancelErrand' },
  cancelAssigned: { needs: 'no dispute about the escrow', mutation: 'cancelErrand' },
  noShow: { needs: 'no dispute about the escrow', timer: startWindow },
  runnerDrop: { needs: 'no dispute about the escrow; nothing released', mutation: 'dropErrand' },
  agreeMilestones: {
    mutation: 'agreeMilestones',
    needs: 'no dispute about the escrow; amounts that sum to the service part',
  },
  releaseMilestone: {
    mutation: 'releaseMilestone',
    needs: 'a milestone that is not released; no dispute about the escrow',
    postingsDependOnInput: true,
  },
  topUpEscrow: {
    mutation: 'topUpEscrow',
    needs: 'no dispute about the escrow; money in the wallet',
    asks: { topUp: { service: 1n, goods: 0n } },
    postingsDependOnInput: true,
  },
  tipRunner: {
    mutation: 'tipRunner',
    needs:
      'at most 30 days after completion, the account of the runner not closed; no more than the service in all; money in the wallet',
    until: ({ tip }) => [tip?.completedAt && new Date(tip.completedAt.getTime() + tipWindowMs)],
    postingsDependOnInput: true,
  },
  addReceipts: {
    mutation: 'addReceipts',
    needs: 'no more than the goods part in all; no dispute about the escrow',
    postingsDependOnInput: true,
  },
  issueHandoverCode: {
    asks: { handover: 'DROPOFF' },
    mutation: 'issueHandoverCode',
    needs: 'a pick-up code: ASSIGNED; no more than 10 codes an hour',
  },
  confirmByCode: {
    mutation: 'confirmByCode',
    needs: 'the drop-off code; no dispute about the escrow',
    code: 'DROPOFF',
    until: ({ code }) => [code?.expiresAt],
    asks: { hasCode: true },
  },
  openDispute: {
    needs: 'something in escrow, not disputed; before `autoReleaseAt`; three by one party at most',
    mutation: 'openDispute',
  },
  respondToDispute: {
    needs: 'AWAITING_RESPONSE, in time, by who did not open it',
    ...ofDispute,
    mutation: 'respondToDispute',
  },
  addEvidence: {
    needs: 'AWAITING_RESPONSE, UNDER_REVIEW or APPEALED; 20 pieces by one party at most',
    ...ofDispute,
    mutation: 'addEvidence',
  },
  withdrawDispute: {
    needs: 'AWAITING_RESPONSE or UNDER_REVIEW, by who opened it',
    ...ofDispute,
    mutation: 'withdrawDispute',
  },
  proposeResolution: {
    needs: 'UNDER_REVIEW or APPEALED, in time, by an arbiter; on appeal by another one',
    ...ofDispute,
    mutation: 'proposeResolution',
    isForArbiters: true,
  },
  approveResolution: {
    needs: 'as `proposeResolution`; a proposal by somebody else',
    ...ofDispute,
    mutation: 'approveResolution',
    isForArbiters: true,
  },
  defaultResolution: { needs: 'AWAITING_RESPONSE or UNDER_REVIEW', ...ofDispute, timer: disputeStep },
  appealDispute: { needs: 'RESOLVED, in time', ...ofDispute, mutation: 'appealDispute' },
  settleDispute: { needs: 'RESOLVED or APPEALED; at once when decided on appeal', ...ofDispute, timer: disputeStep },
  refundDispute: { needs: 'RESOLVED or APPEALED; at once when decided on appeal', ...ofDispute, timer: disputeStep },
  expire: { timer: { waitsFor: '`expiresAt`', at: ({ errand }) => errand.expiresAt } },
};

export function termsOf(name: TransitionName): TransitionTerms {
  return terms[name] ?? {};
}

/**
 * When the right to a transition runs out, if nothing else happens: when its guard begins to refuse it, or when a timer may
 * take the errand to where it is not allowed. Null when it is not allowed now, or lasts.
 */
export function deadlineOf(name: TransitionName, facts: Facts): Date | null {
  const { from }: TransitionRule = transitions[name];
  const { state } = facts.errand;
  if (!from.includes(state)) return null;
  const timers = transitionNames.filter((other) => ends(transitions[other], state, from));
  const times = [
    ...(termsOf(name).until?.(facts) ?? []),
    ...timers.map((other) => termsOf(other).timer?.at(facts)),
  ].flatMap((at) => (at ? [at.getTime()] : []));
  return times.length === 0 ? null : new Date(Math.min(...times));
}

/** A timer that leaves the errand in its state moves what the state is about: the right ends too. */
function ends(timer: TransitionRule, state: string, from: readonly string[]): boolean {
  return (timer.from as readonly string[]).includes(state) && (timer.to === 'same' || !from.includes(timer.to));
}
