import type { Prisma } from '../db/index.js';
import type { Decision as DisputeDecision, Dispute } from '../modules/disputes/index.js';
import type { Errand, Offer } from '../modules/errands/index.js';
import type { Escrow, Milestone } from '../modules/escrows/index.js';
import type { Payout } from '../modules/payouts/index.js';
import type { BookLine } from '../modules/providers/index.js';
import type { Review } from '../modules/reviews/index.js';

/** What the stories of a market have come to, beside its books: rows as the tables hold them. */
export interface Rows {
  readonly errands: Map<string, Errand>;
  readonly offers: Map<string, Offer>;
  /** By errand. */
  readonly escrows: Map<string, Escrow>;
  /** By escrow and number. */
  readonly milestones: Map<string, Milestone>;
  readonly proofs: Prisma.ProofCreateManyInput[];
  readonly events: Prisma.ProcessEventCreateManyInput[];
  readonly charges: Prisma.ChargeCreateManyInput[];
  readonly disputes: Map<string, Dispute>;
  readonly evidence: Map<string, Prisma.DisputeEvidenceCreateManyInput>;
  readonly decisions: Map<string, DisputeDecision>;
  readonly payoutAccounts: Prisma.PayoutAccountCreateManyInput[];
  readonly payouts: Map<string, Payout>;
  readonly payoutEvents: Prisma.PayoutEventCreateManyInput[];
  /** By errand and author. */
  readonly reviews: Map<string, Review>;
  readonly notifications: Prisma.NotificationCreateManyInput[];
  readonly auditEntries: object[];
  /** What the sandbox provider knows of the charges and payouts, oldest first. */
  readonly bookLines: BookLine[];
}

export function emptyRows(): Rows {
  return {
    errands: new Map(),
    offers: new Map(),
    escrows: new Map(),
    milestones: new Map(),
    proofs: [],
    events: [],
    charges: [],
    disputes: new Map(),
    evidence: new Map(),
    decisions: new Map(),
    payoutAccounts: [],
    payouts: new Map(),
    payoutEvents: [],
    reviews: new Map(),
    notifications: [],
    auditEntries: [],
    bookLines: [],
  };
}
