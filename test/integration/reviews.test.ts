import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { encodeCursor, silentLogger, type UserViewer } from '../../src/kernel/index.js';
import {
  createReviewService,
  reviewCursor,
  reviewWindowMs,
  type ReviewService,
} from '../../src/modules/reviews/index.js';
import { hourMs, newErrand, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let reviews: ReviewService;
beforeAll(async () => {
  market = await startMarket();
  reviews = createReviewService(market);
});
afterAll(() => market.close());

async function completed(): Promise<string> {
  const { errand } = await market.tell.delivered();
  await market.escrows.confirm(market.customer, errand.id);
  return errand.id;
}

const five = { stars: 5, text: 'As quick as can be.' };
const two = { stars: 2 };

async function seenBy(viewer: UserViewer, errandId: string): Promise<readonly number[]> {
  const shown = reviews.shownTo(viewer, await reviews.forErrands(market.tenantId, [errandId]));
  return shown.map(({ stars }) => stars);
}

async function ratingOf({ userId, tenantId }: UserViewer) {
  const [rating] = await reviews.ratings(tenantId, [userId]);
  return { sum: rating?.sum ?? 0, count: rating?.count ?? 0 };
}

async function about(viewer: UserViewer) {
  const { rows } = await reviews.about(market.stranger, viewer.userId, { first: 100 });
  return rows.map(({ errandId, stars }) => ({ errandId, stars }));
}

describe('a review', () => {
  it('is seen by its author only, until the other party has given theirs; then both are seen by everybody', async () => {
    const { customer, runner, stranger, staff, clock } = market;
    const errandId = await completed();
    const before = [await ratingOf(runner), await ratingOf(customer)];
    await reviews.give(customer, errandId, five);
    for (const viewer of [runner, stranger, staff]) expect(await seenBy(viewer, errandId)).toEqual([]);
    expect(await seenBy(customer, errandId)).toEqual([5]);
    expect([await ratingOf(runner), await ratingOf(customer)]).toEqual(before);
    expect((await about(runner)).filter((review) => review.errandId === errandId)).toEqual([]);

    clock.forward(1);
    await reviews.give(runner, errandId, two);
    for (const viewer of [customer, runner, stranger, staff]) expect(await seenBy(viewer, errandId)).toEqual([5, 2]);
    expect([await ratingOf(runner), await ratingOf(customer)]).toEqual([
      { sum: before[0]!.sum + 5, count: before[0]!.count + 1 },
      { sum: before[1]!.sum + 2, count: before[1]!.count + 1 },
    ]);
    expect(await about(runner)).toContainEqual({ errandId, stars: 5 });
  });

  it('that stays alone is seen to the millisecond when nobody can give one any more, and not before', async () => {
    const { customer, runner, stranger, clock } = market;
    const errandId = await completed();
    const before = await ratingOf(runner);
    clock.forward(hourMs);
    await reviews.give(customer, errandId, five);
    clock.forward(reviewWindowMs - hourMs - 1);
    expect(await seenBy(stranger, errandId)).toEqual([]);
    expect(await ratingOf(runner)).toEqual(before);
    clock.forward(1);
    expect(await seenBy(stranger, errandId)).toEqual([5]);
    expect(await ratingOf(runner)).toEqual({ sum: before.sum + 5, count: before.count + 1 });
    await expect(reviews.give(runner, errandId, two)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect(await seenBy(stranger, errandId)).toEqual([5]);
  });

  it('is replaced by its author as long as nobody else sees it, and never after that', async () => {
    const { customer, runner, db } = market;
    const errandId = await completed();
    const first = await reviews.give(customer, errandId, five);
    await expect(reviews.give(customer, errandId, two)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(reviews.give(customer, errandId, two, 7)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect(await reviews.give(customer, errandId, two, 1)).toMatchObject({
      id: first.id,
      stars: 2,
      text: null,
      version: 2,
      visibleAt: first.visibleAt,
    });
    expect(await seenBy(runner, errandId)).toEqual([]);
    await expect(reviews.give(runner, errandId, two, 1)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await reviews.give(runner, errandId, five);
    const rows = await reviews.forErrands(market.tenantId, [errandId]);
    for (const { version } of rows)
      await expect(reviews.give(customer, errandId, five, version)).rejects.toMatchObject({
        code: 'ILLEGAL_TRANSITION',
      });
    expect(await reviews.forErrands(market.tenantId, [errandId])).toEqual(rows);
    const { id } = first;
    const byHand = db.write((tx) => tx.$executeRaw`UPDATE review SET stars = 1 WHERE id = ${id}::uuid`);
    await expect(byHand, 'the database refuses it, too').rejects.toThrow('is not changed so');
    expect(await reviews.forErrands(market.tenantId, [errandId])).toEqual(rows);
  });

  it('is one of two that are seen, also when both parties give theirs at the same moment', async () => {
    const { customer, runner, stranger, clock, database } = market;
    const errandIds: string[] = [];
    for (let n = 0; n < 4; n += 1) errandIds.push(await completed());
    const dbs = [0, 1].map(() => createDb({ url: database.url, logger: silentLogger, poolMax: 8 }));
    try {
      const [one, other] = dbs.map((db) => createReviewService({ db, clock })) as [ReviewService, ReviewService];
      const both = (errandId: string) => [one.give(customer, errandId, five), other.give(runner, errandId, two)];
      await Promise.all(errandIds.flatMap(both));
    } finally {
      await Promise.all(dbs.map((db) => db.close()));
    }
    for (const errandId of errandIds) expect((await seenBy(stranger, errandId)).toSorted()).toEqual([2, 5]);
  });

  it('is for the two parties of an errand that ended with a runner, whatever its end, and for nobody else', async () => {
    const { customer, runner, rival, stranger, staff, errands, escrows, tell } = market;
    const errandId = await completed();
    for (const viewer of [rival, stranger, staff])
      await expect(reviews.give(viewer, errandId, five)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const elsewhere = await market.addPerson(await market.addTenant('elsewhere', 'KES'), 'CUSTOMER');
    await expect(reviews.give(elsewhere, errandId, five)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const draft = await errands.post(customer, newErrand({ publish: false }));
    await expect(reviews.give(runner, draft.id, five)).rejects.toMatchObject({ code: 'NOT_FOUND' });

    const going = [await tell.open(), (await tell.accepted()).errand, (await tell.started()).errand];
    for (const { id } of [...going, (await tell.delivered()).errand])
      await expect(reviews.give(customer, id, five)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    const unassigned = await tell.accepted();
    await escrows.cancel(customer, unassigned.errand.id);
    await expect(reviews.give(customer, unassigned.errand.id, five)).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
    const calledOff = await tell.assigned();
    await escrows.cancel(customer, calledOff.errand.id);
    expect(await reviews.give(runner, calledOff.errand.id, two)).toMatchObject({
      authorId: runner.userId,
      subjectId: customer.userId,
    });
  });

  it('takes 1 to 5 stars and up to 1,000 characters that can be read, and says what is wrong with others', async () => {
    const { customer } = market;
    const errandId = await completed();
    const faulty = [
      ...[0, 6, -1, 2.5, Number.NaN, 2 ** 31].map((stars) => [{ stars }, 'stars'] as const),
      ...['a'.repeat(1001), 'bell\u0007', 'back\u001b[2J', 'nul\0', 'half \ud800', 'turned \u202e', 'next\u0085'].map(
        (text) => [{ stars: 3, text }, 'text'] as const,
      ),
    ];
    for (const [input, path] of faulty)
      await expect(reviews.give(customer, errandId, input), JSON.stringify(input)).rejects.toMatchObject({
        code: 'BAD_INPUT',
        fields: [{ path }],
      });
    const text = `  ${'ẹ'.repeat(400)}\r\nand\tthen 🙂 \n`;
    expect(await reviews.give(customer, errandId, { stars: 1, text })).toMatchObject({
      text: `${'ẹ'.repeat(400)}\nand\tthen 🙂`,
    });
  });
});

describe('a review that staff hides', () => {
  it('is out of sight and out of the rating at once, stays to be seen by its author and staff, and is as before when that is taken back', async () => {
    const { customer, runner, stranger, staff, db, clock } = market;
    const errandId = await completed();
    const before = await ratingOf(runner);
    const { id } = await reviews.give(customer, errandId, { stars: 1, text: 'Rude words.' });
    await expect(reviews.hide(staff, id, 'Rude.')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    clock.forward(1);
    await reviews.give(runner, errandId, five);
    expect(await ratingOf(runner)).toEqual({ sum: before.sum + 1, count: before.count + 1 });

    for (const party of [customer, runner]) {
      await expect(reviews.hide(party, id, 'Rude.')).rejects.toMatchObject({ code: 'FORBIDDEN' });
      const promoted = { ...party, roles: new Set(['SUPPORT'] as const) };
      await expect(reviews.hide(promoted, id, 'Rude.')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    await expect(reviews.hide(staff, id, '  ')).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(reviews.hide(staff, id, 'Rude.', 1)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect(await db.read.auditEntry.count()).toBe(0);
    await reviews.hide(staff, id, 'Rude.', 2);
    await expect(reviews.hide(staff, id, 'Rude.')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });

    expect(await ratingOf(runner)).toEqual(before);
    for (const viewer of [runner, stranger]) expect(await seenBy(viewer, errandId)).toEqual([5]);
    for (const viewer of [customer, staff]) expect(await seenBy(viewer, errandId)).toEqual([1, 5]);
    expect((await about(runner)).filter((review) => review.errandId === errandId)).toEqual([]);
    expect(await db.read.auditEntry.findMany()).toMatchObject([
      {
        actorId: staff.userId,
        actorRole: 'SUPPORT',
        action: 'hideReview',
        targetType: 'review',
        targetId: id,
        before: { stars: 1, text: 'Rude words.', isHidden: false },
        after: { isHidden: true },
        reason: 'Rude.',
      },
    ]);
    await expect(reviews.give(customer, errandId, five, 3)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });

    await expect(reviews.unhide(customer, id, 'Mine.')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(reviews.unhide(staff, id, 'No.', 2)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await reviews.unhide(staff, id, 'It was not rude after all.', 3);
    await expect(reviews.unhide(staff, id, 'Again.')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect(await ratingOf(runner)).toEqual({ sum: before.sum + 1, count: before.count + 1 });
    expect(await seenBy(stranger, errandId)).toEqual([1, 5]);
    const shown = await db.read.auditEntry.findMany({ where: { action: 'unhideReview' } });
    expect(shown).toMatchObject([{ targetId: id, before: { isHidden: true }, after: { isHidden: false } }]);
  });
});

describe('the reviews about somebody', () => {
  it('come newest first in pages that leave none out and show none twice', async () => {
    const { stranger, runner } = market;
    const all = await reviews.about(stranger, runner.userId, { first: 100 });
    expect(all.rows.length).toBeGreaterThan(6);
    const seen: string[] = [];
    for (let after: string | undefined, more = true; more;) {
      const page = await reviews.about(stranger, runner.userId, { first: 3, after });
      seen.push(...page.rows.map(({ id }) => id));
      more = page.hasNextPage;
      after = encodeCursor(reviewCursor(page.rows.at(-1)!));
    }
    expect(seen).toEqual(all.rows.map(({ id }) => id));
    const times = all.rows.map(({ createdAt }) => createdAt.getTime());
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    await market.assertSound();
  });
});
