import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { AppError, silentLogger, type UserViewer } from '../../src/kernel/index.js';
import { createPayoutService, type PayoutService } from '../../src/modules/payouts/index.js';
import { openPolicy, startPayoutMarket, type PayoutMarket } from '../support/payouts.js';
import { startStatementLink, type StatementLink } from '../support/statement-link.js';

const testMsMax = 300_000;
/** More than any of these takes. */
const statementsMax = 100;
/** Of which at least so many are there to be interrupted. */
const statementsMin = 8;

let market: PayoutMarket;
let link: StatementLink;
let doomed: Db;
let service: PayoutService;

beforeAll(async () => {
  market = await startPayoutMarket({ approvalAbove: () => 50_000n });
  link = await startStatementLink(market.database.url);
  doomed = createDb({ url: link.url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 60_000 });
  const { clock, cipher } = market;
  const policy = { ...openPolicy, approvalAbove: () => 50_000n };
  const confirmPassword = async (): Promise<void> => undefined;
  service = createPayoutService({ db: doomed, clock, policy, cipher, provider: 'sandbox', confirmPassword });
});
afterAll(async () => {
  await doomed.close();
  await link.close();
  await market.close();
});

/** Ends the connection from the database's side, as an operator or a crash of its process would. */
async function endBackend(pid: number): Promise<void> {
  const [row] = await market.db.read.$queryRaw<{ ended: boolean }[]>`
    SELECT pg_terminate_backend(${pid}::int, 10000) AS ended`;
  expect(row).toEqual({ ended: true });
}

/**
 * Has `work` done over a connection that the database ends before its `nth` statement.
 * @returns whether it was cut off: short work ends before
 */
async function cutOff(nth: number, work: () => Promise<unknown>): Promise<boolean> {
  link.cutAt(Infinity, 'request');
  await vi.waitFor(() => doomed.read.tenant.count(), { timeout: 45_000, interval: 5 });
  link.cutAt(nth, 'request', endBackend);
  const outcome = await work().catch((error: unknown) => error);
  const mayBe = !(outcome instanceof Error) || (link.isCut && isUnavailable(outcome));
  if (!mayBe) throw new Error(`at statement ${nth}`, { cause: outcome });
  return link.isCut;
}

function isUnavailable(error: unknown): boolean {
  return error instanceof AppError && error.code === 'UNAVAILABLE';
}

/** Each time with a payout of its own, until the work gets through. @returns how often it was cut off */
async function atEveryStatement(once: (nth: number) => Promise<boolean>): Promise<number> {
  let nth = 1;
  while (await once(nth)) {
    expect(nth).toBeLessThan(statementsMax);
    await market.assertSound();
    nth += 1;
  }
  await market.assertSound();
  return nth - 1;
}

async function payoutsOf({ tenantId, userId }: UserViewer) {
  return market.db.read.payout.findMany({ where: { tenantId, userId } });
}

describe('a payout whose connection the database ends at any statement', () => {
  it(
    'of its request is asked for whole, with its money in transit, or not at all',
    async () => {
      const { payee, wallet } = market;
      const cuts = await atEveryStatement(async (nth) => {
        const { viewer, account } = await payee();
        const input = { payoutAccountId: account.id, amountMinor: 40_000n, currency: 'NGN' };
        const isCut = await cutOff(nth, () => service.request(viewer, input));
        const made = await payoutsOf(viewer);
        expect(isCut ? [0, 1] : [1], `cut off at ${nth}`).toContain(made.length);
        expect(await wallet(viewer)).toBe(made.length === 1 ? 57_500n : 100_000n);
        return isCut;
      });
      expect(cuts).toBeGreaterThan(statementsMin);
    },
    testMsMax,
  );

  it(
    'of its rejection is given back whole, with its fee, or still waits; and is given back once',
    async () => {
      const { payee, request, payouts, wallet, finance } = market;
      const cuts = await atEveryStatement(async (nth) => {
        const { viewer, account } = await payee();
        const { id } = await request(viewer, account.id, 60_000n);
        const isCut = await cutOff(nth, () => service.reject(finance, id, 'a test'));
        const { state } = await payouts.get(viewer, id);
        expect(isCut ? ['REQUESTED', 'REJECTED'] : ['REJECTED']).toContain(state);
        expect([state, await wallet(viewer)], `cut off at ${nth}`).toEqual(
          state === 'REJECTED' ? ['REJECTED', 100_000n] : ['REQUESTED', 37_500n],
        );
        if (state === 'REQUESTED') await payouts.reject(finance, id, 'a test');
        await expect(payouts.reject(finance, id, 'again')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
        expect(await wallet(viewer)).toBe(100_000n);
        return isCut;
      });
      expect(cuts).toBeGreaterThan(statementsMin);
    },
    testMsMax,
  );

  it(
    'of the round that sends it is paid once, whoever comes after',
    async () => {
      const { payee, request, workerWith, provider, payouts, clock, settle, worker, effectsOf, wallet } = market;
      const cuts = await atEveryStatement(async (nth) => {
        const { viewer, account } = await payee();
        const asked = await request(viewer, account.id, 10_000n);
        const isCut = await cutOff(nth, () => workerWith(provider, doomed).work());
        clock.forward(200_000);
        await settle(worker);
        expect((await payouts.get(viewer, asked.id)).state, `cut off at ${nth}`).toBe('PAID');
        expect(effectsOf(asked).length, `cut off at ${nth}`).toBe(1);
        expect(await wallet(viewer)).toBe(87_500n);
        return isCut;
      });
      expect(cuts).toBeGreaterThan(statementsMin);
    },
    testMsMax,
  );
});
