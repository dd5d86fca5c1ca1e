import type { Model } from '../../../src/db/index.js';
import type { CacheType } from '../../../src/invalidation/index.js';

/**
 * What the server was seen to do: tests run every load and every mutation against a real database and compare. When one of
 * them fails, look whether the change was meant, and write here what it found.
 */

/** Type of answer -> the models its loads read, whoever asks and with whatever arguments. */
export const cachedReads: Readonly<Record<CacheType, readonly Model[]>> = {
  USER_DATA: ['RoleGrant', 'User', 'UserProfile'],
  ROLES: ['RoleGrant', 'User'],
  SESSION: ['Session'],
  TENANT: ['Tenant'],
  USER_PROFILE: ['RoleGrant', 'User', 'UserProfile'],
  USER_ERRANDS: ['Errand'],
  USER_ESCROWS: ['Escrow'],
  ERRAND_LIST: ['Errand'],
  ERRAND_DETAIL: ['Errand'],
  ESCROW_DETAIL: ['Escrow'],
  DISPUTE_DETAIL: ['Dispute'],
  BANKS_LIST: ['Bank', 'BankAlias', 'BankCode'],
  OFFERS: ['Errand', 'Offer'],
};

/**
 * Models that a load reads although their changes do not spoil its answers, each with the reason why nothing shown can be
 * old for it. Empty: no load does.
 */
export const readsThatSpoilNothing: Readonly<Partial<Record<CacheType, Readonly<Partial<Record<Model, string>>>>>> = {};

/** Mutation -> the models whose rows it writes, on whatever way through the code. */
export const mutationWrites: Readonly<Record<string, readonly Model[]>> = {
  signUp: ['RefreshToken', 'RoleGrant', 'Session', 'User', 'UserProfile'],
  signIn: ['RefreshToken', 'Session'],
  refreshSession: ['RefreshToken', 'Session'],
  signOut: ['Session'],
  updateProfile: ['UserProfile'],
  grantRole: ['RoleGrant'],
  revokeRole: ['RoleGrant'],
  postErrand: ['Errand', 'IdempotencyRecord', 'Outbox', 'ProcessEvent'],
  updateErrand: ['Errand', 'IdempotencyRecord', 'Offer'],
  publishErrand: ['Errand', 'IdempotencyRecord', 'Outbox', 'ProcessEvent'],
  makeOffer: ['IdempotencyRecord', 'Offer', 'Outbox', 'ProcessEvent'],
  withdrawOffer: ['IdempotencyRecord', 'Offer'],
  acceptOffer: ['Errand', 'Escrow', 'IdempotencyRecord', 'Offer', 'Outbox', 'ProcessEvent'],
  fundEscrow: [
    'Errand',
    'Escrow',
    'IdempotencyRecord',
    'Journal',
    'JournalLine',
    'LedgerAccount',
    'Offer',
    'Outbox',
    'ProcessEvent',
  ],
  startErrand: ['Errand', 'IdempotencyRecord', 'Outbox', 'ProcessEvent'],
  submitProof: ['Errand', 'IdempotencyRecord', 'Outbox', 'ProcessEvent', 'Proof'],
  confirmDelivery: [
    'Errand',
    'Escrow',
    'IdempotencyRecord',
    'Journal',
    'JournalLine',
    'LedgerAccount',
    'Outbox',
    'ProcessEvent',
  ],
  cancelErrand: [
    'Errand',
    'Escrow',
    'IdempotencyRecord',
    'Journal',
    'JournalLine',
    'LedgerAccount',
    'Offer',
    'Outbox',
    'ProcessEvent',
  ],
  dropErrand: [
    'Errand',
    'Escrow',
    'IdempotencyRecord',
    'Journal',
    'JournalLine',
    'LedgerAccount',
    'Offer',
    'Outbox',
    'ProcessEvent',
  ],
  openDispute: ['Dispute', 'DisputeEvidence', 'Errand', 'Escrow', 'IdempotencyRecord', 'Outbox', 'ProcessEvent'],
  respondToDispute: ['Dispute', 'DisputeEvidence', 'IdempotencyRecord', 'Outbox', 'ProcessEvent'],
  addEvidence: ['DisputeEvidence', 'IdempotencyRecord', 'Outbox', 'ProcessEvent'],
  withdrawDispute: ['Dispute', 'Errand', 'Escrow', 'IdempotencyRecord', 'Outbox', 'ProcessEvent'],
  proposeResolution: [
    'Dispute',
    'DisputeDecision',
    'Errand',
    'Escrow',
    'IdempotencyRecord',
    'Journal',
    'JournalLine',
    'LedgerAccount',
    'Offer',
    'Outbox',
    'ProcessEvent',
  ],
  approveResolution: [
    'Dispute',
    'DisputeDecision',
    'Errand',
    'Escrow',
    'IdempotencyRecord',
    'Journal',
    'JournalLine',
    'LedgerAccount',
    'Offer',
    'Outbox',
    'ProcessEvent',
  ],
  appealDispute: ['Dispute', 'IdempotencyRecord', 'Outbox', 'ProcessEvent'],
  topUpWallet: ['Charge', 'IdempotencyRecord', 'Journal', 'JournalLine', 'LedgerAccount'],
  clearCache: [],
  warmCache: [],
  reverseJournal: ['Journal', 'JournalLine', 'LedgerAccount'],
  recordChargeback: ['Journal', 'JournalLine', 'LedgerAccount'],
  addPayoutAccount: ['IdempotencyRecord', 'PayoutAccount'],
  removePayoutAccount: ['IdempotencyRecord', 'PayoutAccount'],
  requestPayout: ['IdempotencyRecord', 'Journal', 'JournalLine', 'LedgerAccount', 'Outbox', 'Payout', 'PayoutEvent'],
  approvePayout: ['IdempotencyRecord', 'LedgerAccount', 'Outbox', 'Payout', 'PayoutEvent'],
  rejectPayout: ['IdempotencyRecord', 'Journal', 'JournalLine', 'LedgerAccount', 'Outbox', 'Payout', 'PayoutEvent'],
};
