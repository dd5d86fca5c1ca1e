import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { AppError, silentLogger, uuidv7, type UserViewer } from '../../src/kernel/index.js';
import {
  createIdempotencyService,
  type Answered,
  type IdempotencyService,
} from '../../src/modules/idempotency/index.js';
import { ledgerHealth } from '../../src/modules/ledger/index.js';
import { createServices, newErrand, startMarket, type StoryMarket, type StoryServices } from '../support/stories.js';

/** Each rival has a server of its own: one pool, one connection, opened before the race starts. */
const rivalsCount = 50;
const dayMs = 86_400_000;
type Rival = StoryServices & { readonly idempotency: IdempotencyService };

let market: StoryMarket;
let rivals: readonly Rival[];

beforeAll(async () => {
  market = await startMarket();
  rivals = Array.from({ length: rivalsCount }, () => rivalOn(market.database.url));
  await Promise.all(rivals.map(({ db }) => db.read.tenant.count()));
});
afterAll(async () => {
  await Promise.all(rivals.map(({ db }) => db.close()));
  await market.close();
});

function rivalOn(url: string): Rival {
  const db: Db = createDb({ url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 60_000 });
  return {
    ...createServices(db, market.clock),
    idempotency: createIdempotencyService({ db, clock: market.clock, ttlMs: dayMs }),
  };
}

/** All at once. What the database was too busy for is asked again, as its error says it may be. */
async function storm<T>(attempt: (rival: Rival, index: number) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(
    rivals.map(async (rival, index) => {
      for (;;) {
        try {
          return await attempt(rival, index);
        } catch (error) {
          if (!(error instanceof AppError && error.retryable)) throw error;
        }
      }
    }),
  );
}

function answersOf<T>(results: readonly PromiseSettledResult<Answered<T>>[]): readonly Answered<T>[] {
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

const firstsAmong = (answers: readonly Answered<unknown>[]): number =>
  answers.filter(({ isReplay }) => !isReplay).length;

async function journalsOf(kind: string): Promise<number> {
  const [row] = await market.db.read.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM journal WHERE kind = ${kind}`;
  return row!.count;
}

describe('one key, asked with from fifty connections at once', () => {
  const keyed = <T>(
    rival: Rival,
    viewer: UserViewer,
    operation: string,
    key: string,
    request: string,
    work: () => Promise<T>,
  ) => rival.idempotency.once(viewer, { operation, key, request }, work);

  it('posts one errand, and gives everybody the same answer', async () => {
    const { customer, db } = market;
    const [before, key] = [await db.read.errand.count(), uuidv7()];
    const results = await storm((rival) =>
      keyed(rival, customer, 'postErrand', key, 'a', () => rival.errands.post(customer, newErrand())),
    );
    const answers = answersOf(results);
    expect(answers).toHaveLength(rivalsCount);
    expect(new Set(answers.map(({ answer }) => answer.id)).size).toBe(1);
    for (const { answer } of answers) expect(answer).toEqual(answers[0]!.answer);
    expect(firstsAmong(answers)).toBe(1);
    expect((await db.read.errand.count()) - before).toBe(1);
  });

  it('moves money once, and nobody is told that it cannot be moved any more', async () => {
    const { customer, tell, tenantId, db } = market;
    const { errand } = await tell.delivered();
    const [before, key] = [await journalsOf('errand.confirm'), uuidv7()];
    const results = await storm((rival) =>
      keyed(rival, customer, 'confirmDelivery', key, 'a', () => rival.escrows.confirm(customer, errand.id)),
    );
    const answers = answersOf(results);
    expect(answers).toHaveLength(rivalsCount);
    for (const { answer } of answers) expect(answer).toEqual(answers[0]!.answer);
    expect(firstsAmong(answers)).toBe(1);
    expect((await journalsOf('errand.confirm')) - before).toBe(1);
    expect(await ledgerHealth(db.read, tenantId)).toMatchObject({ ok: true });
  });

  it('takes effect for one request when there are two, and refuses the other wherever it was asked', async () => {
    const { customer, db } = market;
    const [before, key] = [await db.read.errand.count(), uuidv7()];
    const results = await storm((rival, index) => {
      const title = `Title ${index % 2}`;
      return keyed(rival, customer, 'postErrand', key, title, () => rival.errands.post(customer, newErrand({ title })));
    });
    const won = answersOf(results);
    expect(won).toHaveLength(rivalsCount / 2);
    expect(new Set(won.map(({ answer }) => `${answer.id} ${answer.title}`)).size).toBe(1);
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as AppError] : []));
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['IDEMPOTENCY_CONFLICT']));
    expect((await db.read.errand.count()) - before).toBe(1);
  });

  it('lets the next one try when the first was refused: each is judged, none has an effect', async () => {
    const { customer, db } = market;
    const [before, key] = [await db.read.idempotencyRecord.count(), uuidv7()];
    let judged = 0;
    const results = await storm((rival) =>
      keyed(rival, customer, 'postErrand', key, 'a', () => {
        judged += 1;
        return rival.errands.post(customer, newErrand({ title: '' }));
      }),
    );
    expect(results.map((result) => result.status === 'rejected' && (result.reason as AppError).code)).toEqual(
      Array.from({ length: rivalsCount }, () => 'BAD_INPUT'),
    );
    expect(judged).toBeGreaterThanOrEqual(rivalsCount);
    expect(await db.read.idempotencyRecord.count()).toBe(before);
  });

  it('charges a top-up once, whatever the charges that are under way at the same time', async () => {
    const { tenantId, addPerson, db } = market;
    const saver = await addPerson(tenantId, 'CUSTOMER');
    const key = uuidv7();
    const call = { operation: 'topUpWallet', key, request: '4200' };
    const topUp = { amountMinor: 4_200n, currency: 'NGN' };
    const results = await storm((rival) =>
      rival.idempotency.inSteps(saver, call, async (reference) => {
        const { isReplay, ...answer } = await rival.wallets.topUp(saver, { ...topUp, reference });
        return { answer, isReplay };
      }),
    );
    const answers = answersOf(results);
    expect(answers).toHaveLength(rivalsCount);
    for (const { answer } of answers) expect(answer).toEqual(answers[0]!.answer);
    expect(firstsAmong(answers)).toBe(1);
    expect((await market.wallets.wallet(saver)).minor).toBe(4_200n);
    expect(await ledgerHealth(db.read, tenantId)).toMatchObject({ ok: true });
  });

  it('charges one amount when a top-up is asked for with two', async () => {
    const { tenantId, addPerson, db } = market;
    const saver = await addPerson(tenantId, 'CUSTOMER');
    const key = uuidv7();
    const amounts = [4_200n, 4_300n] as const;
    const results = await storm((rival, index) => {
      const amountMinor = amounts[index % 2]!;
      return rival.idempotency.inSteps(
        saver,
        { operation: 'topUpWallet', key, request: `${amountMinor}` },
        async (reference) => {
          const { isReplay, ...answer } = await rival.wallets.topUp(saver, { amountMinor, currency: 'NGN', reference });
          return { answer, isReplay };
        },
      );
    });
    const answers = answersOf(results);
    expect(answers).toHaveLength(rivalsCount / 2);
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as AppError] : []));
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['IDEMPOTENCY_CONFLICT']));
    const { minor } = await market.wallets.wallet(saver);
    expect([minor, await db.read.charge.count({ where: { userId: saver.userId } })]).toEqual([
      answers[0]!.answer.charge.amount,
      1,
    ]);
  });
});
