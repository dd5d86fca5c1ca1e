import type { TransitionName } from '../errands/index.js';
import type { ErrandNews } from './news.event.js';

/** A party of an errand. */
type Party = 'customer' | 'runner';

const both: readonly Party[] = ['customer', 'runner'];

/**
 * Whom each transition concerns. Total: a transition that nobody decided about does not compile. `[]` is a decision. Who did
 * it is never told, so `both` stands for the other one when a party acted, and for both when a timer or staff did.
 */
const concerns = {
  post: [],
  publish: [],
  placeOffer: ['customer'],
  acceptOffer: ['runner'],
  counterOffer: ['runner'],
  answerCounter: ['customer'],
  acceptCounter: ['customer'],
  agreeMilestones: ['runner'],
  fundFromWallet: ['runner'],
  fundFromCharge: both,
  start: ['customer'],
  issueHandoverCode: [],
  addReceipts: ['customer'],
  submitProof: ['customer'],
  confirmByCode: both,
  releaseMilestone: ['runner'],
  topUpEscrow: ['runner'],
  tipRunner: ['runner'],
  confirm: ['runner'],
  autoRelease: both,
  fundingTimeout: both,
  cancelFree: ['runner'],
  cancelAssigned: ['runner'],
  noShow: both,
  runnerDrop: both,
  openDispute: both,
  respondToDispute: both,
  // The other side sees evidence from a time that is published; until then that there is some is nobody else's.
  addEvidence: [],
  withdrawDispute: both,
  proposeResolution: both,
  approveResolution: both,
  defaultResolution: both,
  appealDispute: both,
  settleDispute: both,
  refundDispute: both,
  expire: ['customer'],
} as const satisfies Record<TransitionName | 'post', readonly Party[]>;

/** The people whom a transition concerns, without the one who made it. */
export function recipientsOf(news: ErrandNews): readonly string[] {
  // Undefined for a transition of a younger version than this.
  const parties: readonly Party[] | undefined = concerns[news.transition];
  const people = (parties ?? []).map((party) => (party === 'customer' ? news.customerId : news.runnerId));
  return people.filter((userId) => userId !== null && userId !== news.actorId).map(String);
}
