export {
  amountMinorMax,
  assertVisible,
  canSee,
  canSeePrivate,
  errandCategories,
  errandStates,
  handoverPhases,
  isByCustomer,
  liveOfferStates,
  offerStates,
  proofKinds,
  type Errand,
  type ErrandCategory,
  type ErrandState,
  type HandoverPhase,
  type Offer,
  type OfferState,
  type Proof,
  type ProofKind,
} from './errand.js';
export { bidderRefusal, noOfferRules, tierFor, type BidderFacts, type OfferRules } from './bidder.js';
export { bidderFor, lockBidder, offerRulesOf } from './bidder.repo.js';
export { actorKinds, type ActorKind, type Facts, type TransitionRule } from './transition.rule.js';
export { noShowGraceMs } from './start.window.js';
export { countersMax } from './counter.transitions.js';
export { actorsOf, transitionNames, transitions, type TransitionName } from './transitions.js';
export { evidencePerPartyMax, evidenceRefusal, type DisputeFacts } from './dispute.facts.js';
export type { MilestoneFacts, PartsAdded, ReceiptFacts, ServiceShare, TipFacts } from './extra.facts.js';
export { codesInHourMax, tipWindowMs } from './extra.transitions.js';
export {
  codeFactsOf,
  endCodes,
  handoverAttemptsMax,
  handoverLateMsMax,
  handoverLifeMs,
  useCode,
  type GivenCode,
  type IssuedCode,
} from './handover.js';
export type { Refusal } from './refusals.js';
export { deadlineOf, termsOf, type Timer, type TransitionTerms } from './transition.terms.js';
export { assertMove, hasMove, type PartRule, type PartTable } from './part.rule.js';
export { offerTransitions } from './offer.transitions.js';
export {
  actorOf,
  decide,
  isFor,
  preview,
  requireVersion,
  systemActor,
  type Actor,
  type Decision,
  type Preview,
  type TransitionEvent,
} from './decide.js';
export { nothing, refundOf, settlementTotal, type MoneyFacts, type Settlement } from './settlement.js';
export {
  parseNewErrand,
  type ErrandColumns,
  type ErrandPatch,
  type NewErrand,
  type PointInput,
} from './errand.input.js';
export { amountFault, namesFaults, refuse, textFaults, type MoneyInput } from './faults.js';
export { errandCursor, errandOrders, type ErrandFilter, type ErrandOrder, type PageArgs } from './errand.list.js';
export { newestFirst, notACursor, parseCursorTime } from './newest-first.js';
export { lockErrand, lockErrandOfOffer, saveTransition, transitionTopic } from './errand.repo.js';
export { newErrandRow, patches } from './errand.write.js';
export {
  closeLiveOffers,
  expireStaleOffers,
  newOfferRow,
  offerStateAt,
  readOffer,
  releaseAcceptedOffer,
  saveOffer,
} from './offer.repo.js';
export { assertOfRunner, type PriceNamed } from './counter.moves.js';
export type { NewOffer } from './offer.input.js';
export { endLiveOffers, endOffersAboveTier, lockErrandsBidOn, type LiveOffersOf } from './offer.ending.js';
export { parseProofs, type ProofInput } from './proof.input.js';
export {
  createErrandService,
  currencyOf,
  type ErrandService,
  type ErrandServiceDeps,
  type MarketListArgs,
  type MyListArgs,
} from './errand.service.js';
export {
  codesIssuedSince,
  createHandoverService,
  type HandoverService,
  type HandoverServiceDeps,
  type IssuedHandover,
} from './handover.service.js';
export {
  createOfferService,
  withdrawalRefusal,
  type OfferChange,
  type OfferService,
  type OfferServiceDeps,
} from './offer.service.js';
