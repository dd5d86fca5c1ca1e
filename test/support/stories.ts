import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { createDb, type Db, type Prisma } from '../../src/db/index.js';
import { silentLogger, uuidv7, type Clock, type Role, type UserViewer } from '../../src/kernel/index.js';
import {
  createErrandService,
  createHandoverService,
  createOfferService,
  type Errand,
  type NewErrand,
  type Offer,
  type ProofInput,
} from '../../src/modules/errands/index.js';
import { createActionService } from '../../src/modules/actions/index.js';
import { createEscrowService, createTimerService, type Escrow } from '../../src/modules/escrows/index.js';
import { createDisputeService, disputeTimer } from '../../src/modules/disputes/index.js';
import { createLedgerService, type AccountRef } from '../../src/modules/ledger/index.js';
import { createWalletService } from '../../src/modules/payments/index.js';
import { createTestDatabase } from './postgres.js';
import { closeSandbox, sandboxOf } from './sandbox.js';

/** A clock that stands still until it is moved. */
export interface StoryClock extends Clock {
  forward(ms: number): void;
}

export const hourMs = 60 * 60 * 1000;
export const minuteMs = 60 * 1000;

export function createStoryClock(startsAt = '2026-03-02T09:00:00.000Z'): StoryClock {
  let nowMs = Date.parse(startsAt);
  return { now: () => new Date(nowMs), forward: (ms) => void (nowMs += ms) };
}

/** The domain's services on one database connection pool. */
export function createServices(db: Db, clock: Clock) {
  return {
    db,
    errands: createErrandService({ db, clock }),
    offers: createOfferService({ db, clock }),
    escrows: createEscrowService({ db, clock }),
    wallets: createWalletService({ db, clock, provider: sandboxOf(clock) }),
    handovers: createHandoverService({ db, clock }),
    ledger: { ...createLedgerService({ db, clock }), balance: balanceReader(db) },
    actions: createActionService({ db, clock }),
    disputes: createDisputeService({ db, clock }),
    timers: createTimerService({ db, clock, more: [disputeTimer] }),
  };
}

/** What an account holds in minor units, summed from the lines of the books and from nothing else. */
function balanceReader(db: Db) {
  return async (tenantId: string, currency: string, { code, type }: AccountRef): Promise<bigint> => {
    const [row] = await db.read.$queryRaw<{ minor: bigint }[]>`
      SELECT coalesce(sum(CASE l.side WHEN 'CREDIT' THEN l.amount ELSE -l.amount END), 0)::bigint AS minor
      FROM journal_line l JOIN ledger_account a ON a.id = l.account_id
      WHERE a.tenant_id = ${tenantId}::uuid AND a.currency = ${currency} AND a.code = ${code}`;
    const grown = row?.minor ?? 0n;
    return type === 'ASSET' || type === 'EXPENSE' ? -grown : grown;
  };
}

export type StoryServices = ReturnType<typeof createServices>;

/** Commission 12.5 %, VAT on it 7.5 %, cancelling costs 10 % after 15 minutes. */
export const storyFees = { commissionBps: 1250, vatBps: 750, cancellationBps: 1000, freeCancelMinutes: 15 } as const;

export interface StoryErrand {
  readonly errand: Errand;
  readonly offer: Offer;
  readonly escrow: Escrow;
}

export type StoryMarket = Awaited<ReturnType<typeof startMarket>>;

/** A market of its own: a fresh database, a tenant with a fee plan, a customer with money, two runners, staff and a stranger. */
export async function startMarket() {
  const database = await createTestDatabase();
  const clock = createStoryClock();
  const statements: string[] = [];
  const db = createDb({ url: database.url, logger: silentLogger, onStatement: (sql) => statements.push(sql) });
  const services = createServices(db, clock);
  const tenantId = await addTenant(db, clock, 'story', 'NGN');
  const person = (...roles: Role[]): Promise<UserViewer> => addPerson(db, clock, tenantId, roles);
  const market = {
    ...services,
    clock,
    database,
    statements,
    tenantId,
    customer: await person('CUSTOMER'),
    runner: await person('RUNNER'),
    rival: await person('RUNNER'),
    staff: await person('SUPPORT'),
    stranger: await person('CUSTOMER'),
    addTenant: (slug: string, currency: string) => addTenant(db, clock, slug, currency),
    addPerson: (tenant: string, ...roles: Role[]) => addPerson(db, clock, tenant, roles),
    /** @throws Error naming what is wrong when the books do not hold together */
    async assertSound(): Promise<void> {
      const health = await services.ledger.health('all');
      if (!health.ok) throw new Error(`the books do not hold together: ${inspect(health)}`);
    },
    async close(): Promise<void> {
      await db.close();
      await closeSandbox(clock);
      await database.drop();
    },
  };
  return { ...market, tell: storyTeller(market) };
}

export const proof: ProofInput = {
  kind: 'PHOTO',
  sha256: createHash('sha256').update('a photo of the parcel').digest('hex'),
};

export function newErrand(input: Partial<NewErrand> = {}): NewErrand {
  return {
    title: 'Bring a parcel to Yaba',
    description: 'A small box, ready at the gate.',
    category: 'DELIVERY',
    area: 'Yaba',
    budget: { minor: 500_000n, currency: 'NGN' },
    publish: true,
    ...input,
  };
}

interface Teller extends StoryServices {
  readonly customer: UserViewer;
  readonly runner: UserViewer;
}

/** Tells an errand's story up to a point; each chapter tells the ones before it. */
function storyTeller({ errands, offers, escrows, wallets, customer, runner }: Teller) {
  const open = (input: Partial<NewErrand> = {}): Promise<Errand> => errands.post(customer, newErrand(input));
  const offered = async (
    input: Partial<NewErrand> = {},
    amountMinor = 450_000n,
  ): Promise<{ errand: Errand; offer: Offer }> => {
    const errand = await open(input);
    return offers.make(runner, errand.id, { amountMinor });
  };
  const accepted = async (input?: Partial<NewErrand>, amountMinor?: bigint): Promise<StoryErrand> => {
    const { offer } = await offered(input, amountMinor);
    return escrows.acceptOffer(customer, offer.id);
  };
  const assigned = async (input?: Partial<NewErrand>, amountMinor?: bigint): Promise<StoryErrand> => {
    const story = await accepted(input, amountMinor);
    await wallets.topUp(customer, { amountMinor: story.escrow.gross, currency: 'NGN' });
    return { ...story, ...(await escrows.fund(customer, story.errand.id)) };
  };
  const started = async (input?: Partial<NewErrand>, amountMinor?: bigint): Promise<StoryErrand> => {
    const story = await assigned(input, amountMinor);
    return { ...story, errand: await errands.start(runner, story.errand.id) };
  };
  const delivered = async (input?: Partial<NewErrand>, amountMinor?: bigint): Promise<StoryErrand> => {
    const story = await started(input, amountMinor);
    return { ...story, errand: await errands.submitProof(runner, story.errand.id, [proof]) };
  };
  return { open, offered, accepted, assigned, started, delivered };
}

async function addTenant(db: Db, clock: Clock, slug: string, currency: string): Promise<string> {
  const [id, createdAt] = [uuidv7(), clock.now()];
  await db.write(async (tx) => {
    await tx.tenant.create({ data: { id, slug, name: slug, currency, createdAt } });
    await tx.feePlan.create({
      data: { id: uuidv7(), tenantId: id, name: 'standard', version: 1, createdAt, ...storyFees },
    });
  });
  return id;
}

async function addPerson(db: Db, clock: Clock, tenantId: string, roles: readonly Role[]): Promise<UserViewer> {
  const [userId, createdAt] = [uuidv7(), clock.now()];
  const stamps = { tenantId, version: 1, createdAt, updatedAt: createdAt };
  const user: Prisma.UserCreateManyInput = {
    id: userId,
    email: `${userId}@story.test`,
    passwordHash: '-',
    status: 'ACTIVE',
    kycTier: 1,
    ...stamps,
  };
  await db.write(async (tx) => {
    await tx.user.create({ data: user });
    await tx.userProfile.create({ data: { userId, displayName: roles.join(' '), ...stamps } });
    await tx.roleGrant.createMany({ data: roles.map((role) => ({ id: uuidv7(), tenantId, userId, role, createdAt })) });
  });
  return { kind: 'user', tenantId, userId, sessionId: uuidv7(), roles: new Set(roles) };
}
