import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import {
  createIdempotencyService,
  type IdempotencyService,
  type KeyedCall,
} from '../../src/modules/idempotency/index.js';
import { hourMs, newErrand, startMarket, type StoryMarket } from '../support/stories.js';
import { createDb } from '../../src/db/index.js';

const ttlMs = 24 * hourMs;
let market: StoryMarket;
let idempotency: IdempotencyService;
let call: KeyedCall;

beforeAll(async () => {
  market = await startMarket();
  idempotency = createIdempotencyService({ db: market.db, clock: market.clock, ttlMs });
});
afterAll(() => market.close());
beforeEach(() => {
  call = { operation: 'postErrand', key: uuidv7(), request: 'a parcel' };
});

const post = (request = call.request) =>
  idempotency.once(market.customer, { ...call, request }, () => market.errands.post(market.customer, newErrand()));
const recordsOf = (key: string) => market.db.read.idempotencyRecord.count({ where: { key } });

describe('a key', () => {
  it('is remembered until its time is over, to the millisecond, and then is as good as new, also for another request', async () => {
    const first = await post();
    market.clock.forward(ttlMs - 1);
    expect(await post()).toEqual({ answer: first.answer, isReplay: true });
    await expect(post('another')).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    market.clock.forward(1);
    const second = await post('another');
    expect(second.isReplay).toBe(false);
    expect(second.answer.id).not.toBe(first.answer.id);
    expect(await post('another')).toEqual({ answer: second.answer, isReplay: true });
  });

  it('is deleted once its time is over, and not before', async () => {
    await post();
    const old = call.key;
    market.clock.forward(ttlMs - 1);
    call = { ...call, key: uuidv7() };
    await post();
    market.clock.forward(1);
    const expired = await market.db.read.idempotencyRecord.count({ where: { expiresAt: { lte: market.clock.now() } } });
    expect(await idempotency.forgetExpired()).toBe(expired);
    expect([await recordsOf(old), await recordsOf(call.key)]).toEqual([0, 1]);
    expect(await idempotency.forgetExpired()).toBe(0);
  });

  it('is deleted in batches for as long as it is told to go on', async () => {
    const { tenantId, customer, db, clock } = market;
    const [createdAt, expiresAt] = [new Date(clock.now().getTime() - 2), new Date(clock.now().getTime() - 1)];
    const row = {
      tenantId,
      actorId: customer.userId,
      operation: 'o',
      requestHash: Buffer.alloc(32),
      answer: 1,
      createdAt,
      expiresAt,
    };
    const data = Array.from({ length: 2_001 }, (_, index) => ({ ...row, key: `${index}` }));
    await db.write((tx) => tx.idempotencyRecord.createMany({ data }));
    expect(await idempotency.forgetExpired(() => false)).toBe(1_000);
    expect(await idempotency.forgetExpired()).toBe(1_001);
  });

  it('is free again after a call that failed in any way, its answer included', async () => {
    const fails = (work: () => Promise<unknown>, message: string) =>
      expect(idempotency.once(market.customer, call, work)).rejects.toThrow(message);
    const posted = await market.db.read.errand.count();
    await fails(async () => {
      await market.errands.post(market.customer, newErrand());
      throw new Error('broken');
    }, 'broken');
    await fails(
      async () => ({ ...(await market.errands.post(market.customer, newErrand())), map: () => 'no JSON' }),
      'cannot be kept',
    );
    expect([await recordsOf(call.key), (await market.db.read.errand.count()) - posted]).toEqual([0, 0]);
    expect((await post('another')).isReplay).toBe(false);
  });

  it('of a call that others deadlock with is kept once, with the answer of the run that was committed', async () => {
    const { customer, tell, database, clock } = market;
    const errands = [await tell.open(), await tell.open()] as const;
    const dbs = [0, 1].map(() => createDb({ url: database.url, logger: silentLogger, random: () => 0.25 }));
    let [here, go] = [0, (): void => {}];
    const together = new Promise<void>((resolve) => (go = resolve));
    const runs = [0, 0];
    const crossed = [0, 1].map((index) => {
      const keyed = { ...call, key: `${call.key} ${index}` };
      const own = createIdempotencyService({ db: dbs[index]!, clock, ttlMs });
      return own.once(customer, keyed, () =>
        dbs[index]!.write(async (tx) => {
          const run = (runs[index]! += 1);
          for (const { id } of index === 0 ? errands : errands.toReversed()) {
            await tx.$queryRaw`SELECT 1 FROM errand WHERE id = ${id}::uuid FOR UPDATE`;
            here += 1;
            if (here === 2) go();
            if (run === 1) await together;
          }
          return run;
        }),
      );
    });
    const answers = await Promise.all(crossed);
    expect(runs.toSorted()).toEqual([1, 2]);
    expect(answers).toEqual(runs.map((answer) => ({ answer, isReplay: false })));
    const kept = await market.db.read.idempotencyRecord.findMany({
      where: { key: { startsWith: call.key } },
      orderBy: { key: 'asc' },
    });
    expect(kept.map(({ answer }) => answer)).toEqual(runs);
    await Promise.all(dbs.map((db) => db.close()));
  });
});
