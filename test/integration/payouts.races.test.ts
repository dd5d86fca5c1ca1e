import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/db/index.js';
import type { AppError, UserViewer } from '../../src/kernel/index.js';
import type { Payout } from '../../src/modules/payouts/index.js';
import { magicAccounts, type PaymentProvider } from '../../src/modules/providers/index.js';
import { anotherProcess, startPayoutMarket, type PayoutMarket } from '../support/payouts.js';

let market: PayoutMarket;
/** Servers of their own: one pool, one connection each. */
let servers: readonly Db[];

beforeAll(async () => {
  market = await startPayoutMarket({ approvalAbove: () => 50_000n, dayMax: () => 90_000n });
  servers = [0, 1, 2].map(() => anotherProcess(market));
  await Promise.all(servers.map((db) => db.read.tenant.count()));
});
afterAll(async () => {
  await Promise.all(servers.map((db) => db.close()));
  await market.close();
});

/** Counts what is asked of the provider. */
function counted(provider: PaymentProvider): { readonly provider: PaymentProvider; sent(): number } {
  let sent = 0;
  const sendTransfer: PaymentProvider['sendTransfer'] = (request) => ((sent += 1), provider.sendTransfer(request));
  return { provider: { ...provider, sendTransfer }, sent: () => sent };
}

/** Asks at once and keeps its answers back until it is told to give them. */
function slowly(provider: PaymentProvider) {
  let [answer, asked]: (() => void)[] = [() => undefined, () => undefined];
  const isToldTo = new Promise<void>((resolve) => (answer = resolve));
  const wasAsked = new Promise<void>((resolve) => (asked = resolve));
  const slow: PaymentProvider = {
    ...provider,
    async transferOf(reference) {
      const report = await provider.transferOf(reference);
      asked!();
      await isToldTo;
      return report;
    },
  };
  return { provider: slow, wasAsked, answer: () => answer!() };
}

describe('workers on several servers', () => {
  it('hand each payout over once, and every kobo leaves once', async () => {
    const { payee, request, workerWith, provider, db, effectsOf } = market;
    const payouts = [];
    for (let index = 0; index < 8; index += 1) {
      const { viewer, account } = await payee();
      payouts.push(await request(viewer, account.id, 10_000n));
    }
    const line = counted(provider);
    const workers = servers.map((server) => workerWith(line.provider, server));
    const rounds = await Promise.all(workers.map((worker) => worker.work(8)));
    expect(rounds.reduce((sum, { claimed }) => sum + claimed, 0)).toBe(8);
    expect(line.sent()).toBe(8);
    for (const payout of payouts) expect(effectsOf(payout)).toHaveLength(1);
    expect(await db.read.payout.count({ where: { state: 'PAID' } })).toBe(8);
    await market.assertSound();
  });

  it('book a payment once when a hint, two polls and a slow answer come together', async () => {
    const { payee, request, worker, workerWith, provider, payouts, sandbox, clock, tenantId } = market;
    const { viewer, account } = await payee(100_000n, magicAccounts.staysPending);
    const { id, clientRef } = await request(viewer, account.id, 40_000n);
    await worker.work();
    clock.forward(3_600_000);
    const slow = slowly(provider);
    const slowRound = workerWith(slow.provider, servers[0]).work();
    await slow.wasAsked;
    sandbox.book.payTransfer(clientRef);
    await payouts.noticed(clientRef);
    clock.forward(3_600_000);
    const [one, other] = await Promise.all([
      workerWith(provider, servers[1]).work(),
      workerWith(provider, servers[2]).work(),
    ]);
    expect(one!.claimed + other!.claimed).toBe(1);
    slow.answer();
    await slowRound;
    expect((await payouts.get(viewer, id)).state).toBe('PAID');
    const steps = await payouts.eventsFor(tenantId, [id]);
    expect(steps.filter(({ transition }) => transition === 'pay')).toHaveLength(1);
    await market.assertSound();
  });

  it('that were overtaken save nothing: a payout stays in the hand that has it', async () => {
    const { payee, request, worker, workerWith, provider, payouts, clock, finance, sandbox, settle } = market;
    const { viewer, account } = await payee(100_000n, magicAccounts.staysPending);
    const { id, clientRef, state } = await request(viewer, account.id, 40_000n);
    // Somebody else may have this account too.
    if (state === 'REQUESTED') await payouts.approve(finance, id);
    await worker.work();
    clock.forward(3_600_000);
    const [first, second] = [slowly(provider), slowly(provider)];
    const overtaken = workerWith(first.provider, servers[0]).work();
    await first.wasAsked;
    clock.forward(3_600_000);
    const inHand = workerWith(second.provider, servers[1]).work();
    await second.wasAsked;
    const held = await payouts.get(viewer, id);
    first.answer();
    await overtaken;
    expect(await payouts.get(viewer, id)).toEqual(held);
    second.answer();
    await inHand;
    expect((await payouts.get(viewer, id)).claimedUntil).toBeNull();
    sandbox.book.payTransfer(clientRef);
    await settle(worker);
  });

  it('that were held up beyond their lease send nothing any more', async () => {
    const { payee, request, workerWith, provider, clock, db, payouts, worker, effectsOf, settle } = market;
    const { viewer, account } = await payee();
    const asked = await request(viewer, account.id, 10_000n);
    const line = counted(provider);
    const write: Db['write'] = async (work) => {
      const result = await db.write(work);
      const { state } = await payouts.get(viewer, asked.id);
      if (state === 'SUBMITTING') clock.forward(3_600_000);
      return result;
    };
    await workerWith(line.provider, { ...db, write }).work();
    expect(line.sent()).toBe(0);
    await settle(worker);
    expect(await payouts.get(viewer, asked.id)).toMatchObject({ state: 'PAID', attempt: 2 });
    expect(effectsOf(asked)).toHaveLength(1);
  });
});

/** The codes of those that were refused. */
function refusalsIn(ends: readonly PromiseSettledResult<unknown>[]): readonly string[] {
  return ends.flatMap((end) => (end.status === 'rejected' ? [(end.reason as AppError).code] : []));
}

describe('people at once', () => {
  it('who approve and reject one payout leave one decision, and the money in one place', async () => {
    const { payee, request, payouts, finance, wallet, tenantId, settle, worker } = market;
    const other = await market.addPerson(tenantId, 'FINANCE');
    for (let round = 0; round < 3; round += 1) {
      const { viewer, account } = await payee();
      const { id, state } = await request(viewer, account.id, 60_000n);
      expect(state).toBe('REQUESTED');
      const ends = await Promise.allSettled([
        payouts.approve(finance, id),
        payouts.reject(other, id, 'not this one'),
        payouts.approve(other, id),
      ]);
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(refusalsIn(ends)).toEqual(['ILLEGAL_TRANSITION', 'ILLEGAL_TRANSITION']);
      await settle(worker);
      const settled = await payouts.get(viewer, id);
      expect(await wallet(viewer)).toBe(settled.state === 'PAID' ? 37_500n : 100_000n);
    }
    await market.assertSound();
  });

  it('who ask for more than a day takes, in one moment, get what a day takes', async () => {
    const { payee, request, db, wallet } = market;
    const { viewer, account } = await payee(500_000n);
    const ends = await Promise.allSettled([1, 2, 3, 4, 5].map(() => request(viewer, account.id, 40_000n)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(refusalsIn(ends)).toEqual(['LIMIT_EXCEEDED', 'LIMIT_EXCEEDED', 'LIMIT_EXCEEDED']);
    expect(await db.read.payout.count({ where: { userId: viewer.userId } })).toBe(2);
    expect(await wallet(viewer)).toBe(500_000n - 2n * 42_500n);
  });

  it('of FINANCE let no payout of their own go, and nobody lets one go who lost the role', async () => {
    const { payee, request, payouts, tenantId, db } = market;
    const { viewer, account } = await payee(100_000n, '5555500001', 'RUNNER', 'FINANCE');
    const { id } = await request(viewer, account.id, 60_000n);
    await expect(payouts.approve(viewer, id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const former = await market.addPerson(tenantId, 'FINANCE');
    await db.write((tx) => tx.roleGrant.deleteMany({ where: { userId: former.userId } }));
    await expect(payouts.approve(former, id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(payouts.reject(former, id, 'no')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await payouts.get(viewer, id)).state).toBe('REQUESTED');
  });
});

describe('a server that ends in the middle of a payout', () => {
  it.each(['before the call', 'after the call'])('leaves one effect: %s', async (when) => {
    const { payee, request, workerWith, provider } = market;
    const { viewer, account } = await payee();
    const asked = await request(viewer, account.id, 10_000n);
    const doomed = anotherProcess(market);
    let reached: () => void = () => undefined;
    const end = new Promise<void>((resolve) => (reached = resolve));
    const dying: PaymentProvider = {
      ...provider,
      async sendTransfer(transfer) {
        if (when === 'after the call') await provider.sendTransfer(transfer);
        reached();
        return new Promise(() => undefined);
      },
    };
    const abandoned = workerWith(dying, doomed).work();
    await Promise.race([end, abandoned]);
    await doomed.close();
    expect(await effectsLater(viewer, asked)).toEqual(['PAID', 1]);
  });

  it.each(['as it is written down', 'as the answer is saved'])(
    'leaves one effect also when it is its connection that ends: %s',
    async (when) => {
      const { payee, request, workerWith, provider } = market;
      const { viewer, account } = await payee();
      const asked = await request(viewer, account.id, 10_000n);
      const doomed = anotherProcess(market);
      let wasCalled = false;
      const calling: PaymentProvider = {
        ...provider,
        async sendTransfer(transfer) {
          const report = await provider.sendTransfer(transfer);
          wasCalled = true;
          return report;
        },
      };
      const write: Db['write'] = (work) =>
        doomed.write(async (tx) => {
          const result = await work(tx);
          const { state } = await tx.payout.findUniqueOrThrow({ where: { id: asked.id } });
          const isMoment = when === 'as it is written down' ? state === 'SUBMITTING' : wasCalled;
          if (isMoment) await terminate(tx);
          return result;
        });
      const round = await workerWith(calling, { ...doomed, write }).work();
      expect(round.failed).toBeGreaterThan(0);
      await doomed.close();
      expect(await effectsLater(viewer, asked)).toEqual(['PAID', 1]);
    },
  );

  /** How it ended, and how often it was paid, once others have worked on. */
  async function effectsLater(viewer: UserViewer, asked: Payout): Promise<readonly [string, number]> {
    const { clock, settle, worker, payouts, effectsOf } = market;
    clock.forward(200_000);
    await settle(worker);
    await market.assertSound();
    return [(await payouts.get(viewer, asked.id)).state, effectsOf(asked).length];
  }
});

/** Ends the connection as an operator, or a crash of the database, would. */
async function terminate(on: Pick<Db['read'], '$queryRaw'>): Promise<void> {
  const [row] = await on.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  await market.db.read.$queryRaw`SELECT pg_terminate_backend(${row!.pid}::int)`;
}
