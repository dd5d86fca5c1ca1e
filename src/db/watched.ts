import type { Prisma } from './generated/client.js';

/**
 * The columns of each model that a change event carries, before and after. The triggers in prisma/migrations write
 * exactly these; a test holds the two together. `[]` is a decision: nothing that is shown from the cache depends on the model.
 */
export const watchedColumns = {
  Tenant: ['id', 'slug'],
  User: ['id', 'tenantId', 'status'],
  UserProfile: ['userId', 'tenantId'],
  UserBlock: [],
  OfferRules: [],
  RoleGrant: ['id', 'tenantId', 'userId', 'role'],
  Session: ['id', 'userId'],
  RefreshToken: [],
  Errand: ['id', 'tenantId', 'customerId', 'runnerId', 'state', 'category', 'area'],
  Offer: ['id', 'tenantId', 'errandId', 'runnerId', 'state'],
  FeePlan: [],
  Escrow: ['id', 'tenantId', 'errandId', 'customerId', 'runnerId', 'state'],
  Milestone: [],
  HandoverCode: [],
  Proof: [],
  Dispute: ['id', 'tenantId', 'errandId', 'state'],
  DisputeEvidence: [],
  DisputeDecision: [],
  ProcessEvent: [],
  LedgerAccount: [],
  Journal: [],
  JournalLine: [],
  LedgerClose: [],
  LedgerSeal: [],
  Charge: [],
  PayoutAccount: [],
  Payout: [],
  PayoutEvent: [],
  Review: [],
  AuditEntry: [],
  WebhookInbox: [],
  Bank: ['id', 'country'],
  BankCode: ['id', 'bankId', 'country'],
  BankAlias: ['bankId', 'name'],
  IdempotencyRecord: [],
  RowChange: [],
  JobAhead: [],
  Outbox: [],
  WebhookEndpoint: [],
  WebhookDelivery: [],
  Notification: [],
} as const satisfies Record<Prisma.ModelName, readonly string[]>;

type WatchedColumns = typeof watchedColumns;
export type Model = keyof WatchedColumns;
export type WatchedModel = { [M in Model]: WatchedColumns[M] extends readonly [] ? never : M }[Model];

/** The watched columns of a row as the triggers saw them; every id, enum and text is a string. */
export type WatchedRow<M extends WatchedModel> = {
  readonly [C in WatchedColumns[M][number]]: C extends 'runnerId' ? string | null : string;
};
