import { randomBytes, randomInt } from 'node:crypto';
import { inspect } from 'node:util';
import { createDb, type Db } from '../../src/db/index.js';
import { AppError, silentLogger, uuidv7, type Clock, type Role, type UserViewer } from '../../src/kernel/index.js';
import {
  createAccountCipher,
  createPayoutAccountService,
  createPayoutService,
  createPayoutWorker,
  type Payout,
  type PayoutPolicy,
  type PayoutWorker,
} from '../../src/modules/payouts/index.js';
import { createSandboxProvider, createSandboxServer, type PaymentProvider } from '../../src/modules/providers/index.js';
import { startMarket, type StoryMarket } from './stories.js';

/** Nobody's password but this one is right. */
export const rightPassword = 'a long password';

export const openPolicy: PayoutPolicy = {
  approvalAbove: () => 1_000_000n,
  payoutMax: () => undefined,
  dayMax: () => undefined,
  nameMatchMin: 0,
};

export type PayoutMarket = Awaited<ReturnType<typeof startPayoutMarket>>;

/** A market beside a sandbox provider, with a bank, payouts and a worker. Payouts cost 2,500. */
export async function startPayoutMarket(policy: Partial<PayoutPolicy> = {}) {
  const market = await startMarket();
  const { db, clock } = market;
  const sandbox = await createSandboxServer({ clock });
  const provider = createSandboxProvider({
    baseUrl: sandbox.url,
    secretKey: sandbox.key,
    webhookSecret: sandbox.webhookSecret,
  });
  const cipher = createAccountCipher([{ id: 'one', key: randomBytes(32) }]);
  const bankId = await addBank(db, clock);
  await addFee(market, 2_500n);
  const accounts = createPayoutAccountService({ db, clock, provider, cipher, coolOffMs: 0 });
  const payouts = createPayoutService({
    db,
    clock,
    policy: { ...openPolicy, ...policy },
    provider: 'sandbox',
    confirmPassword: async (_viewer, password) => {
      if (password !== rightPassword) throw new AppError('INVALID_CREDENTIALS', 'The password is wrong.');
    },
  });
  const workerWith = (paidBy: PaymentProvider = provider, on: Db = db): PayoutWorker =>
    createPayoutWorker({ db: on, clock, providers: [paidBy], cipher });
  return {
    ...market,
    sandbox,
    provider,
    cipher,
    bankId,
    accounts,
    payouts,
    worker: workerWith(),
    workerWith,
    finance: await market.addPerson(market.tenantId, 'FINANCE'),
    /** Somebody with money in the wallet and an account to pay it to. */
    async payee(minor = 100_000n, accountNumber = ordinaryAccount(), ...roles: Role[]) {
      const viewer = await market.addPerson(market.tenantId, ...(roles.length > 0 ? roles : ['RUNNER' as const]));
      if (minor > 0n) await market.wallets.topUp(viewer, { amountMinor: minor, currency: 'NGN' });
      const { account } = await accounts.add(viewer, { bankId, accountNumber });
      return { viewer, account };
    },
    request: (viewer: UserViewer, payoutAccountId: string, amountMinor: bigint): Promise<Payout> =>
      payouts.request(viewer, { payoutAccountId, amountMinor, currency: 'NGN' }, rightPassword),
    wallet: async (viewer: UserViewer): Promise<bigint> => (await market.wallets.wallet(viewer)).minor,
    /** Works, moving the clock on, until nothing is under way any more. @throws Error when it never ends */
    async settle(worker: PayoutWorker, stepMs = 20_000, roundsMax = 500): Promise<void> {
      for (let round = 0; round < roundsMax; round += 1) {
        await worker.work(50);
        const open = await db.read.payout.count({
          where: { state: { in: ['QUEUED', 'SUBMITTING', 'PENDING', 'UNKNOWN', 'NEEDS_OTP'] } },
        });
        if (open === 0) return;
        clock.forward(stepMs);
      }
      throw new Error('there are payouts that never end');
    },
    /** Also that each payout's transit account holds its amount while it is under way, and nothing when it is over. */
    async assertSound(): Promise<void> {
      await market.assertSound();
      const off = await db.read.$queryRaw<{ id: string; state: string }[]>`
        SELECT p.id, p.state::text FROM payout p LEFT JOIN ledger_account a
          ON a.tenant_id = p.tenant_id AND a.currency = p.currency AND a.owner_type = 'payout' AND a.owner_id = p.id
        WHERE coalesce(a.credits - a.debits, 0) <>
          CASE WHEN p.state IN ('PAID', 'FAILED', 'REJECTED', 'REVERSED') THEN 0 ELSE p.amount END`;
      if (off.length > 0) throw new Error(`transit accounts do not say what their payouts do: ${inspect(off)}`);
    },
    /** What the provider's own book says it did for a payout. */
    effectsOf: ({ clientRef }: Pick<Payout, 'clientRef'>) =>
      sandbox.book.items().filter(({ reference }) => reference === clientRef),
    async close(): Promise<void> {
      await sandbox.close();
      await market.close();
    },
  };
}

/** One that is paid at once, and nobody else's. */
export function ordinaryAccount(): string {
  return `1${randomInt(10 ** 9)}`.padEnd(10, '0');
}

/** A process of its own on the same database: one connection. */
export function anotherProcess({ database }: Pick<StoryMarket, 'database'>): Db {
  return createDb({ url: database.url, logger: silentLogger, poolMax: 1 });
}

export async function addBank(db: Db, clock: Clock): Promise<string> {
  const [id, now] = [uuidv7(), clock.now()];
  const bank = { id, country: 'NG', currency: 'NGN', name: 'First Bank', slug: 'first-bank', type: 'NUBAN' as const };
  const marks = { typeAssigned: true, slugDerived: true, active: true, sources: ['test'] };
  const code = { bankId: id, provider: 'paystack', scheme: 'paystack', country: 'NG', type: 'NUBAN' as const };
  await db.write(async (tx) => {
    await tx.bank.create({ data: { ...bank, ...marks, validFrom: now, createdAt: now, updatedAt: now } });
    await tx.bankCode.create({ data: { id: uuidv7(), ...code, code: '011', source: 'test', validFrom: now } });
  });
  return id;
}

async function addFee({ db, clock, tenantId }: StoryMarket, payoutFee: bigint): Promise<void> {
  const rates = { commissionBps: 1250, vatBps: 750, cancellationBps: 1000, freeCancelMinutes: 15, payoutFee };
  const createdAt = new Date(clock.now().getTime() + 1);
  await db.write((tx) =>
    tx.feePlan.create({ data: { id: uuidv7(), tenantId, name: 'standard', version: 2, createdAt, ...rates } }),
  );
}
