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
  postErrand: ['Errand', 'Outbox', 'ProcessEvent'],
  updateErrand: ['Errand', 'Offer'],
  publishErrand: ['Errand', 'Outbox', 'ProcessEvent'],
  makeOffer: ['Offer', 'Outbox', 'ProcessEvent'],
  withdrawOffer: ['Offer'],
  acceptOffer: ['Errand', 'Escrow', 'Offer', 'Outbox', 'ProcessEvent'],
  fundEscrow: ['Errand', 'Escrow', 'Journal', 'JournalLine', 'LedgerAccount', 'Offer', 'Outbox', 'ProcessEvent'],
  startErrand: ['Errand', 'Outbox', 'ProcessEvent'],
  submitProof: ['Errand', 'Outbox', 'ProcessEvent', 'Proof'],
  confirmDelivery: ['Errand', 'Escrow', 'Journal', 'JournalLine', 'LedgerAccount', 'Outbox', 'ProcessEvent'],
  cancelErrand: ['Errand', 'Escrow', 'Journal', 'JournalLine', 'LedgerAccount', 'Offer', 'Outbox', 'ProcessEvent'],
  dropErrand: ['Errand', 'Escrow', 'Journal', 'JournalLine', 'LedgerAccount', 'Offer', 'Outbox', 'ProcessEvent'],
  openDispute: ['Dispute', 'DisputeEvidence', 'Errand', 'Escrow', 'Outbox', 'ProcessEvent'],
  respondToDispute: ['Dispute', 'DisputeEvidence', 'Outbox', 'ProcessEvent'],
  addEvidence: ['DisputeEvidence', 'Outbox', 'ProcessEvent'],
  withdrawDispute: ['Dispute', 'Errand', 'Escrow', 'Outbox', 'ProcessEvent'],
  proposeResolution: [
    'Dispute',
    'DisputeDecision',
    'Errand',
    'Escrow',
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
    'Journal',
    'JournalLine',
    'LedgerAccount',
    'Offer',
    'Outbox',
    'ProcessEvent',
  ],
  appealDispute: ['Dispute', 'Outbox', 'ProcessEvent'],
  topUpWallet: ['Charge', 'Journal', 'JournalLine', 'LedgerAccount'],
};
