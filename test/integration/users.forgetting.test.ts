import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { createSessionForgetting } from '../../src/modules/users/index.js';
import { hourMs, startMarket, type StoryMarket } from '../support/stories.js';

const dayMs = 24 * hourMs;

let market: StoryMarket;
beforeEach(async () => void (market = await startMarket()));
afterEach(() => market.close());

/** Sessions with a refresh token each. @returns their ids */
async function sessions(count: number, expiresAt: Date): Promise<readonly string[]> {
  const { db, clock, tenantId, customer } = market;
  const createdAt = clock.now();
  const ids = Array.from({ length: count }, () => uuidv7());
  await db.write(async (tx) => {
    await tx.session.createMany({
      data: ids.map((id) => ({ id, tenantId, userId: customer.userId, createdAt, expiresAt })),
    });
    const tokens = ids.map((sessionId) => ({
      id: uuidv7(),
      sessionId,
      tokenHash: Buffer.from(sessionId),
      createdAt,
      expiresAt,
    }));
    await tx.refreshToken.createMany({ data: tokens });
  });
  return ids;
}

it('forgets every session that expired longer ago than they are kept, with its tokens, and no other', async () => {
  const { db, clock } = market;
  const expired = (days: number, ms = 0) => new Date(clock.now().getTime() - days * dayMs + ms);
  await sessions(1_100, expired(30, -1));
  const kept = [
    ...(await sessions(1, expired(30))),
    ...(await sessions(1, expired(0))),
    ...(await sessions(1, expired(-30))),
  ];
  const forget = createSessionForgetting({ db, clock, logger: silentLogger, keptDays: 30 });
  await forget(() => true);
  const left = await db.read.session.findMany({ select: { id: true } });
  expect(left.map(({ id }) => id).toSorted()).toEqual(kept.toSorted());
  const tokens = await db.read.refreshToken.findMany({ select: { sessionId: true } });
  expect(tokens.map(({ sessionId }) => sessionId).toSorted()).toEqual(kept.toSorted());
});

it('ends between two batches when it is told to', async () => {
  const { db, clock } = market;
  await sessions(1_100, new Date(clock.now().getTime() - 31 * dayMs));
  await createSessionForgetting({ db, clock, logger: silentLogger, keptDays: 30 })(() => false);
  expect(await db.read.session.count()).toBe(100);
});
