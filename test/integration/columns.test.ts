import { afterAll, beforeAll, expect, it } from 'vitest';
import { assignmentsOf, columnsOf, dataModel, Prisma, type Db, type Model } from '../../src/db/index.js';
import { delegateOf, type Row } from '../support/sample-rows.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

/** Those whose rows are read by statements written by hand. */
const models: readonly Model[] = ['Errand', 'Escrow', 'FeePlan'];

let market: StoryMarket;
let db: Db;
beforeAll(async () => {
  market = await startMarket();
  db = market.db;
  await market.tell.open();
  await market.tell.delivered();
});
afterAll(() => market.close());

it.each(models)('a row of %s that is read by hand is, field by field, the row that Prisma reads', async (model) => {
  await db.write(async (tx) => {
    const order = Prisma.raw(dataModel[model].columns['id']!.name);
    const byHand = await tx.$queryRaw<Row[]>`
      SELECT ${columnsOf(model, 't')} FROM ${Prisma.raw(dataModel[model].table)} t ORDER BY ${order}`;
    const byPrisma = await delegateOf(tx, model)['findMany']!({ orderBy: { id: 'asc' } });
    expect(byHand).toEqual(byPrisma);
    expect(byHand.length).toBeGreaterThan(0);
  });
});

it('what is set by hand is what Prisma sets, null included, and what is undefined is left', async () => {
  await db.write(async (tx) => {
    const errand = await tx.errand.findFirstOrThrow({ where: { state: 'OPEN' } });
    const patch = {
      title: 'By hand',
      budget: 9_007_199_254_740_993n,
      pickupLat: 6.5,
      startBy: new Date(1),
      fundBy: null,
    };
    for (const change of [
      { ...patch, description: undefined },
      { startBy: null, pickupLat: null },
    ]) {
      const set = assignmentsOf('Errand', change);
      await tx.$executeRaw`UPDATE errand SET ${set} WHERE id = ${errand.id}::uuid`;
    }
    const after = await tx.errand.findUniqueOrThrow({ where: { id: errand.id } });
    expect(after).toEqual({ ...errand, ...patch, startBy: null, pickupLat: null });
    expect(() => assignmentsOf('Errand', { nonsense: 1 })).toThrow('Errand has no column nonsense');
  });
});
