import { createHash } from 'node:crypto';
import type { Model, Tx } from '../../src/db/index.js';
import { uuidv7 } from '../../src/kernel/index.js';

export type Row = Readonly<Record<string, unknown>>;
export type SampleRows = Readonly<Record<Model, Row>>;
type Delegates = Record<string, Record<string, (args: object) => Promise<unknown>>>;

/** Prisma's operations on a model, without the types that know the model. */
export function delegateOf(tx: Tx, model: Model): Record<string, (args: object) => Promise<unknown>> {
  return (tx as unknown as Delegates)[model[0]!.toLowerCase() + model.slice(1)]!;
}

const at = new Date('2026-01-01T00:00:00Z');
const times = { createdAt: at, updatedAt: at };
const small = () => Math.floor(Math.random() * 30_000);

/** In an order in which each row finds the rows it names. */
const makers = {
  Tenant: () => ({ id: uuidv7(), slug: `t-${small()}-${small()}`, name: 'A market', currency: 'NGN', createdAt: at }),
  FeePlan: ({ Tenant }) => ({
    id: uuidv7(),
    tenantId: Tenant.id,
    name: 'plan',
    version: small(),
    commissionBps: 1,
    vatBps: 1,
    cancellationBps: 1,
    freeCancelMinutes: 1,
    createdAt: at,
  }),
  User: ({ Tenant }) => {
    const id = uuidv7();
    return {
      id,
      tenantId: Tenant.id,
      email: `${id}@runam.test`,
      passwordHash: '-',
      status: 'ACTIVE',
      kycTier: 0,
      version: 1,
      ...times,
    };
  },
  UserProfile: ({ User }) => ({
    userId: User.id,
    tenantId: User.tenantId,
    displayName: 'A name',
    version: 1,
    ...times,
  }),
  RoleGrant: ({ User }) => ({
    id: uuidv7(),
    tenantId: User.tenantId,
    userId: User.id,
    role: 'RUNNER',
    scope: uuidv7(),
    createdAt: at,
  }),
  Session: ({ User }) => ({ id: uuidv7(), tenantId: User.tenantId, userId: User.id, createdAt: at, expiresAt: at }),
  RefreshToken: ({ Session }) => ({
    id: uuidv7(),
    sessionId: Session.id,
    tokenHash: Buffer.from(uuidv7()),
    createdAt: at,
    expiresAt: at,
  }),
  Errand: ({ User }) => ({
    id: uuidv7(),
    tenantId: User.tenantId,
    customerId: User.id,
    title: 'A title',
    description: 'A text',
    category: 'DELIVERY',
    area: 'Yaba',
    currency: 'NGN',
    budget: 1n,
    expiresAt: at,
    state: 'OPEN',
    version: 1,
    ...times,
  }),
  Offer: ({ User, Errand }) => ({
    id: uuidv7(),
    tenantId: Errand.tenantId,
    errandId: Errand.id,
    runnerId: User.id,
    amount: 1n,
    currency: 'NGN',
    state: 'REJECTED',
    expiresAt: at,
    version: 1,
    ...times,
  }),
  Escrow: ({ User, Errand, FeePlan }) => ({
    id: uuidv7(),
    tenantId: Errand.tenantId,
    errandId: Errand.id,
    customerId: User.id,
    runnerId: User.id,
    feePlanId: FeePlan.id,
    currency: 'NGN',
    gross: 1n,
    funded: 0n,
    released: 0n,
    refunded: 0n,
    state: 'AWAITING_FUNDS',
    version: 1,
    ...times,
  }),
  Proof: ({ User, Errand }) => ({
    id: uuidv7(),
    tenantId: Errand.tenantId,
    errandId: Errand.id,
    byUserId: User.id,
    kind: 'PHOTO',
    sha256: Buffer.from('hash'),
    takenAt: at,
    createdAt: at,
  }),
  Dispute: ({ Errand, Escrow }) => ({
    id: uuidv7(),
    tenantId: Errand.tenantId,
    errandId: Errand.id,
    escrowId: Escrow.id,
    customerId: Escrow.customerId,
    runnerId: Escrow.runnerId,
    openedByCustomer: true,
    openedFrom: 'DELIVERED',
    reason: 'A reason',
    currency: 'NGN',
    claimAmount: 1n,
    state: 'WITHDRAWN',
    respondBy: at,
    version: 1,
    ...times,
  }),
  DisputeEvidence: ({ User, Dispute }) => ({
    id: uuidv7(),
    tenantId: Dispute.tenantId,
    disputeId: Dispute.id,
    byUserId: User.id,
    kind: 'PHOTO',
    sha256: Buffer.alloc(32),
    revealedAt: at,
    createdAt: at,
  }),
  DisputeDecision: ({ Dispute }) => ({
    id: uuidv7(),
    tenantId: Dispute.tenantId,
    disputeId: Dispute.id,
    seq: small(),
    outcome: 'RELEASE',
    customerAmount: 0n,
    runnerAmount: 1n,
    commission: 0n,
    vat: 0n,
    reason: 'A reason',
    rule: 'NO_DECISION',
    proposedAt: at,
    decidedAt: at,
  }),
  ProcessEvent: ({ Errand }) => ({
    errandId: Errand.id,
    seq: small(),
    tenantId: Errand.tenantId,
    transition: 'POST',
    to: 'OPEN',
    actorRole: 'CUSTOMER',
    at,
  }),
  LedgerAccount: ({ Tenant }) => ({
    id: uuidv7(),
    tenantId: Tenant.id,
    code: uuidv7(),
    currency: 'NGN',
    type: 'ASSET',
    floored: false,
    createdAt: at,
  }),
  Journal: ({ Tenant }) => ({
    id: uuidv7(),
    tenantId: Tenant.id,
    kind: 'TEST',
    businessRef: uuidv7(),
    effectiveAt: at,
    recordedAt: at,
  }),
  JournalLine: ({ Journal, LedgerAccount }) => ({
    journalId: Journal.id,
    seq: small(),
    accountId: LedgerAccount.id,
    currency: 'NGN',
    side: 'DEBIT',
    amount: 1n,
  }),
  LedgerClose: () => ({ id: 2 + small(), announcedThrough: at, closedThrough: at, seals: 0 }),
  LedgerSeal: () => ({
    seq: 2 + small(),
    after: new Date(at.getTime() - 1),
    through: at,
    sealedAt: at,
    journals: 0,
    events: 0,
    manifest: '',
    prevHash: '-',
    hash: createHash('sha256').update(uuidv7()).digest('hex'),
  }),
  Charge: ({ User }) => ({
    id: uuidv7(),
    tenantId: User.tenantId,
    userId: User.id,
    provider: 'sandbox',
    providerRef: uuidv7(),
    amount: 1n,
    currency: 'NGN',
    state: 'PENDING',
    ...times,
  }),
  Bank: () => ({
    id: uuidv7(),
    country: 'NG',
    currency: 'NGN',
    name: 'A bank',
    slug: 'a-bank',
    type: 'NUBAN',
    typeAssigned: true,
    slugDerived: true,
    active: true,
    sources: ['test'],
    validFrom: at,
    ...times,
  }),
  BankCode: ({ Bank }) => ({
    id: uuidv7(),
    bankId: Bank.id,
    provider: uuidv7(),
    scheme: 'cbn',
    country: 'NG',
    type: 'NUBAN',
    code: '001',
    source: 'test',
    validFrom: at,
  }),
  PayoutAccount: ({ User, Bank }) => ({
    id: uuidv7(),
    tenantId: User.tenantId,
    userId: User.id,
    bankId: Bank.id,
    currency: 'NGN',
    numberSealed: Buffer.alloc(38),
    keyId: 'test',
    numberHash: createHash('sha256').update(uuidv7()).digest(),
    last4: '6789',
    accountName: 'A name',
    nameMatchScore: 100,
    resolvedAt: at,
    status: 'ACTIVE',
    coolOffUntil: at,
    version: 1,
    ...times,
  }),
  Payout: ({ PayoutAccount }) => ({
    id: uuidv7(),
    tenantId: PayoutAccount.tenantId,
    userId: PayoutAccount.userId,
    payoutAccountId: PayoutAccount.id,
    currency: 'NGN',
    amount: 1n,
    fee: 0n,
    state: 'REQUESTED',
    clientRef: uuidv7(),
    version: 1,
    ...times,
  }),
  PayoutEvent: ({ Payout }) => ({
    payoutId: Payout.id,
    seq: small(),
    tenantId: Payout.tenantId,
    transition: 'request',
    to: 'REQUESTED',
    actorRole: 'owner',
    at,
  }),
  BankAlias: ({ Bank }) => ({ bankId: Bank.id, name: uuidv7() }),
  IdempotencyRecord: ({ User }) => ({
    tenantId: User.tenantId,
    actorId: User.id,
    operation: 'postErrand',
    key: uuidv7(),
    requestHash: Buffer.alloc(32),
    createdAt: at,
    expiresAt: new Date(at.getTime() + 1),
  }),
  RowChange: () => ({ xid: 0n, model: 'Tenant' }),
  Outbox: ({ Tenant }) => ({ tenantId: Tenant.id, topic: 'test', aggregateId: uuidv7(), payload: {}, createdAt: at }),
} as const satisfies Record<Model, (others: SampleRows) => Row>;

/** A new row that the database accepts beside the ones it names. Its ids are its own. */
export function sampleRow(model: Model, others: SampleRows): Row {
  return makers[model](others);
}

/** Inserts one row of every model, each naming the others. @returns them, with what the database filled in */
export async function insertSamples(tx: Tx): Promise<SampleRows> {
  const rows: Partial<Record<Model, Row>> = {};
  for (const model of Object.keys(makers) as Model[]) {
    const data = sampleRow(model, rows as SampleRows);
    rows[model] = (await delegateOf(tx, model)['create']!({ data })) as Row;
  }
  return rows as SampleRows;
}
