import type { Role } from '../../kernel/index.js';

export const auditTargets = [
  'user',
  'errand',
  'dispute',
  'journal',
  'payout',
  'inbox',
  'endpoint',
  'delivery',
  'review',
  'market',
  'cache',
] as const;
export type AuditTarget = (typeof auditTargets)[number];

interface AdminActionRule {
  /** What it is done to. */
  readonly target: AuditTarget;
  /** Who may do it, the role that an entry names first: who has several did it by the first of these. */
  readonly roles: readonly Role[];
  readonly description: string;
}

/**
 * All that staff can do to other people's business, each by the name of its mutation. A test walks the schema and the table
 * of transitions: what is open to a role of staff and has no line here fails it, as does what has one and writes no entry.
 */
export const adminActions = {
  grantRole: { target: 'user', roles: ['ADMIN'], description: 'Gave somebody a role.' },
  revokeRole: { target: 'user', roles: ['ADMIN'], description: 'Took a role from somebody.' },
  suspendUser: { target: 'user', roles: ['SUPPORT', 'ADMIN'], description: 'Suspended an account.' },
  reinstateUser: { target: 'user', roles: ['SUPPORT', 'ADMIN'], description: 'Took a suspension back.' },
  setVerification: {
    target: 'user',
    roles: ['SUPPORT', 'ADMIN'],
    description: "Said how far somebody's identity is checked.",
  },
  setOfferRules: { target: 'market', roles: ['ADMIN'], description: 'Changed who may bid in the market.' },
  dropErrand: {
    target: 'errand',
    roles: ['SUPPORT', 'ARBITER', 'FINANCE', 'ADMIN'],
    description: 'Took an errand from its runner.',
  },
  proposeResolution: {
    target: 'dispute',
    roles: ['ARBITER', 'ADMIN'],
    description: 'Decided a dispute, or proposed a decision that somebody else has to approve.',
  },
  approveResolution: {
    target: 'dispute',
    roles: ['ARBITER', 'ADMIN'],
    description: "Approved somebody else's decision of a dispute.",
  },
  reverseJournal: { target: 'journal', roles: ['FINANCE'], description: 'Took a journal back.' },
  recordChargeback: { target: 'journal', roles: ['FINANCE'], description: 'Booked a chargeback by hand.' },
  approvePayout: { target: 'payout', roles: ['FINANCE'], description: 'Let a payout go.' },
  rejectPayout: { target: 'payout', roles: ['FINANCE'], description: 'Gave a payout back to its wallet.' },
  settlePayout: {
    target: 'payout',
    roles: ['FINANCE'],
    description: 'Booked a payout as its provider tells of it, or proposed that.',
  },
  retryWebhook: { target: 'inbox', roles: ['FINANCE'], description: 'Had a failed webhook tried again.' },
  createWebhookEndpoint: { target: 'endpoint', roles: ['ADMIN'], description: "Had the market's news sent somewhere." },
  updateWebhookEndpoint: { target: 'endpoint', roles: ['ADMIN'], description: 'Changed where news is sent.' },
  rotateWebhookSecret: { target: 'endpoint', roles: ['ADMIN'], description: 'Gave an endpoint a new secret.' },
  deleteWebhookEndpoint: { target: 'endpoint', roles: ['ADMIN'], description: 'Had news sent somewhere no more.' },
  replayWebhookDelivery: { target: 'delivery', roles: ['ADMIN'], description: 'Sent a piece of news again.' },
  hideReview: { target: 'review', roles: ['SUPPORT', 'ADMIN'], description: 'Took a review out of sight.' },
  unhideReview: { target: 'review', roles: ['SUPPORT', 'ADMIN'], description: 'Showed a hidden review again.' },
  clearCache: { target: 'cache', roles: ['ADMIN'], description: 'Cleared what is cached.' },
  warmCache: { target: 'cache', roles: ['ADMIN'], description: 'Warmed the cache.' },
} as const satisfies Readonly<Record<string, AdminActionRule>>;

export type AdminAction = keyof typeof adminActions;
export const adminActionNames = Object.keys(adminActions) as readonly AdminAction[];
