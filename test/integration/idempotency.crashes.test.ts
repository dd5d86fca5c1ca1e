import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { AppError, silentLogger, uuidv7, type UserViewer } from '../../src/kernel/index.js';
import { createIdempotencyService, type Answered } from '../../src/modules/idempotency/index.js';
import { ledgerHealth } from '../../src/modules/ledger/index.js';
import { startStatementLink, type CutAt } from '../support/statement-link.js';
import { createServices, startMarket, type StoryMarket } from '../support/stories.js';

const ttlMs = 86_400_000;
const testMsMax = 180_000;
/** More than any call here takes. */
const statementsMax = 200;
let market: StoryMarket;

beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.close());

function serverOn(url: string) {
  const db = createDb({ url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 30_000 });
  const { clock } = market;
  return { ...createServices(db, clock), idempotency: createIdempotencyService({ db, clock, ttlMs }) };
}

type Server = ReturnType<typeof serverOn>;
type Keyed = (server: Server) => Promise<Answered<unknown>>;

/**
 * Has a server make a call over a connection that breaks at its `nth` statement, and then others repeat it.
 * @returns false when the call has fewer statements, and so was not interrupted
 */
async function interrupt(call: Keyed, nth: number, at: CutAt, check: () => Promise<void>): Promise<boolean> {
  const link = await startStatementLink(market.database.url);
  const [doomed, healthy] = [serverOn(link.url), serverOn(market.database.url)];
  try {
    await doomed.db.read.tenant.count();
    link.cutAt(nth, at);
    const outcome = await call(doomed).catch((error: unknown) => error);
    if (!link.isCut) return false;
    expect(outcome, `cut at the ${at} of statement ${nth}`).toSatisfy(mayBeRepeated);
    await check();
    const repeated = await call(healthy);
    const again = await call(healthy);
    expect(again, `cut at the ${at} of statement ${nth}`).toEqual({ answer: repeated.answer, isReplay: true });
    return true;
  } finally {
    await Promise.allSettled([doomed.db.close(), healthy.db.close()]);
    await link.close();
  }
}

/** Cut after its COMMIT, a call may have been answered. */
function mayBeRepeated(outcome: unknown): boolean {
  return outcome instanceof AppError ? outcome.code === 'UNAVAILABLE' && outcome.retryable : isAnswer(outcome);
}

const isAnswer = (outcome: unknown): boolean =>
  typeof outcome === 'object' && outcome !== null && 'isReplay' in outcome;

async function count(sql: TemplateStringsArray, ...values: unknown[]): Promise<number> {
  const [row] = await market.db.read.$queryRaw<{ count: number }[]>(sql, ...values);
  return row!.count;
}

describe.each<CutAt>(['request', 'answer'])(
  'a keyed call whose connection breaks at the %s of any of its statements',
  (at) => {
    it(
      'has happened whole, with its record, or not at all; and happens once when it is repeated',
      async () => {
        const { customer, tell } = market;
        let interrupted = 0;
        for (let nth = 1; nth <= statementsMax; nth += 1) {
          const { errand } = await tell.delivered();
          const key = uuidv7();
          const keyed = { operation: 'confirmDelivery', key, request: errand.id };
          const isDone = async (): Promise<number> =>
            count`SELECT count(*)::int AS count FROM errand WHERE id = ${errand.id}::uuid AND state = 'COMPLETED'`;
          const records = async (): Promise<number> =>
            count`SELECT count(*)::int AS count FROM idempotency_record WHERE key = ${key} AND answer IS NOT NULL`;
          const wasCut = await interrupt(
            ({ idempotency, escrows }) => idempotency.once(customer, keyed, () => escrows.confirm(customer, errand.id)),
            nth,
            at,
            async () => expect(await records()).toBe(await isDone()),
          );
          if (!wasCut) break;
          interrupted += 1;
          expect([await isDone(), await records()]).toEqual([1, 1]);
          const paid = await count`SELECT count(*)::int AS count FROM journal
        WHERE kind = 'errand.confirm' AND business_ref LIKE ${`%${errand.id}%`}`;
          expect(paid, `cut at the ${at} of statement ${nth}`).toBe(1);
        }
        expect(interrupted, 'statements interrupted').toBeGreaterThan(10);
        expect(await ledgerHealth(market.db.read, market.tenantId)).toMatchObject({ ok: true });
      },
      testMsMax,
    );

    it(
      'charges once, also when it takes several transactions',
      async () => {
        const { tenantId, addPerson, wallets } = market;
        let interrupted = 0;
        for (let nth = 1; nth <= statementsMax; nth += 1) {
          const saver: UserViewer = await addPerson(tenantId, 'CUSTOMER');
          const keyed = { operation: 'topUpWallet', key: uuidv7(), request: '700' };
          const call: Keyed = ({ idempotency, wallets: own }) =>
            idempotency.inSteps(saver, keyed, async (reference) => {
              const { isReplay, ...answer } = await own.topUp(saver, { amountMinor: 700n, currency: 'NGN', reference });
              return { answer, isReplay };
            });
          if (!(await interrupt(call, nth, at, async () => {}))) break;
          interrupted += 1;
          expect((await wallets.wallet(saver)).minor).toBe(700n);
        }
        expect(interrupted, 'statements interrupted').toBeGreaterThan(15);
        expect(await ledgerHealth(market.db.read, market.tenantId)).toMatchObject({ ok: true });
      },
      testMsMax,
    );
  },
);
