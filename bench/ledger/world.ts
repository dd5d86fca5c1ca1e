import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Database from '../../src/db/index.js';
import type { Role, UserViewer } from '../../src/kernel/index.js';
import type * as Kernel from '../../src/kernel/index.js';
import type * as Errands from '../../src/modules/errands/index.js';
import type * as Escrows from '../../src/modules/escrows/index.js';
import type * as Ledger from '../../src/modules/ledger/index.js';
import type * as Payments from '../../src/modules/payments/index.js';
import type * as Providers from '../../src/modules/providers/index.js';

export interface LedgerWorld {
  /** Delivered errands, as many lists as lanes; each lane has a customer and a runner of its own. */
  delivered(count: number, lanes: number): Promise<readonly (readonly string[])[]>;
  /** Confirms one, on a connection of the lane's own. */
  release(lane: number, errandId: string, hasHotRow: boolean): Promise<void>;
  /** @throws Error when the books do not hold together */
  assertBooks(): Promise<void>;
  close(): Promise<void>;
}

const amountMinor = 100_000n;

/** A market told through the domain's services as they were built. */
export async function openWorld(rootDir: string, url: string, lanesMax: number): Promise<LedgerWorld> {
  const load = async <Room>(room: string): Promise<Room> =>
    (await import(pathToFileURL(join(rootDir, 'dist', room, 'index.js')).href)) as Room;
  const { createDb, migrate } = await load<typeof Database>('db');
  const { silentLogger, systemClock, uuidv7 } = await load<typeof Kernel>('kernel');
  const { createErrandService, createOfferService } = await load<typeof Errands>('modules/errands');
  const { createEscrowService } = await load<typeof Escrows>('modules/escrows');
  const { createWalletService } = await load<typeof Payments>('modules/payments');
  const { createSandboxProvider, createSandboxServer } = await load<typeof Providers>('modules/providers');
  const { verifyLedger } = await load<typeof Ledger>('modules/ledger');
  await migrate({ databaseUrl: url, migrationsDir: join(rootDir, 'prisma', 'migrations'), logger: silentLogger });
  const clock = systemClock;
  const sandbox = await createSandboxServer({ clock });
  const { key: secretKey, webhookSecret } = sandbox;
  const provider = createSandboxProvider({ baseUrl: sandbox.url, secretKey, webhookSecret });
  const servicesOn = (db: Database.Db) => ({
    db,
    errands: createErrandService({ db, clock }),
    offers: createOfferService({ db, clock }),
    escrows: createEscrowService({ db, clock }),
    wallets: createWalletService({ db, clock, provider }),
  });
  const dbs = Array.from({ length: lanesMax }, () => createDb({ url, logger: silentLogger, poolMax: 1 }));
  const lanes = dbs.map(servicesOn);
  const [{ db }] = lanes as [ReturnType<typeof servicesOn>];
  const tenantId = uuidv7();
  const createdAt = clock.now();
  await db.write(async (tx) => {
    await tx.tenant.create({ data: { id: tenantId, slug: 'bench', name: 'Bench', currency: 'NGN', createdAt } });
    const rates = { commissionBps: 1250, vatBps: 750, cancellationBps: 1000, freeCancelMinutes: 15 };
    await tx.feePlan.create({ data: { id: uuidv7(), tenantId, name: 'standard', version: 1, ...rates, createdAt } });
  });
  const person = async (role: Role): Promise<UserViewer> => {
    const userId = uuidv7();
    const stamps = { tenantId, version: 1, createdAt, updatedAt: createdAt };
    const user = { id: userId, email: `${userId}@bench.test`, passwordHash: '-', kycTier: 1 };
    await db.write((tx) => tx.user.create({ data: { ...user, status: 'ACTIVE', ...stamps } }));
    return { kind: 'user', tenantId, userId, sessionId: uuidv7(), roles: new Set([role]) };
  };
  const customers = await Promise.all(dbs.map(() => person('CUSTOMER')));
  const runners = await Promise.all(dbs.map(() => person('RUNNER')));
  const proof = { kind: 'PHOTO', sha256: createHash('sha256').update('a photo').digest('hex') } as const;

  async function deliver(lane: number): Promise<string> {
    const { errands, offers, escrows, wallets } = lanes[lane]!;
    const [customer, runner] = [customers[lane]!, runners[lane]!];
    const { id } = await errands.post(customer, {
      title: 'An errand',
      description: 'To be released.',
      category: 'DELIVERY',
      area: 'Yaba',
      budget: { minor: amountMinor, currency: 'NGN' },
      publish: true,
    });
    const { offer } = await offers.make(runner, id, { amountMinor });
    await escrows.acceptOffer(customer, offer.id);
    await wallets.topUp(customer, { amountMinor, currency: 'NGN' });
    await escrows.fund(customer, id);
    await errands.start(runner, id);
    await errands.submitProof(runner, id, [proof]);
    return id;
  }

  return {
    delivered: (count, lanesUsed) =>
      Promise.all(
        Array.from({ length: lanesUsed }, async (_, lane) => {
          const ids: string[] = [];
          while (ids.length < count / lanesUsed) ids.push(await deliver(lane));
          return ids;
        }),
      ),
    async release(lane, errandId, hasHotRow) {
      const { db: own, escrows } = lanes[lane]!;
      await own.write(async (tx) => {
        if (hasHotRow) await tx.$queryRaw`SELECT id FROM ledger_account WHERE code = 'revenue:commission' FOR UPDATE`;
        await escrows.confirm(customers[lane]!, errandId);
      });
    },
    async assertBooks() {
      const { ok, health, faults } = await verifyLedger(db.read);
      if (!ok) throw new Error(`the books do not hold together: ${JSON.stringify({ ...health, faults })}`);
    },
    close: async () => void (await Promise.all([sandbox.close(), ...dbs.map((one) => one.close())])),
  };
}
