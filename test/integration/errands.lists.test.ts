import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeCursor, type Viewer } from '../../src/kernel/index.js';
import {
  errandCursor,
  errandOrders,
  type Errand,
  type ErrandFilter,
  type ErrandOrder,
} from '../../src/modules/errands/index.js';
import { escrowCursor } from '../../src/modules/escrows/index.js';
import { hourMs, minuteMs, newErrand, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.close());

const later = (ms: number): Date => new Date(market.clock.now().getTime() + ms);

describe('lists', () => {
  let viewer: Viewer;
  let all: Errand[];

  beforeAll(async () => {
    const { addTenant, addPerson, errands, clock } = market;
    const tenantId = await addTenant('lists', 'NGN');
    const poster = await addPerson(tenantId, 'CUSTOMER');
    viewer = poster;
    all = [];
    for (let index = 0; index < 23; index += 1) {
      // Three share each creation time and each budget, and every third has no deliverBy: ties everywhere.
      if (index % 3 === 0) clock.forward(minuteMs);
      const deliverBy = index % 3 === 0 ? {} : { deliverBy: later(((index % 4) + 1) * hourMs) };
      const area = index % 2 === 0 ? 'Yaba' : 'Lekki';
      const title = index === 5 ? 'Sale: 50%_off \\ today' : index === 6 ? 'Sale: 50 off today' : `Errand ${index}`;
      const budget = { minor: BigInt(1000 + Math.floor(index / 3)), currency: 'NGN' };
      all.push(
        await errands.post(
          poster,
          newErrand({ title, area, budget, category: index === 7 ? 'REPAIRS' : 'DELIVERY', ...deliverBy }),
        ),
      );
    }
    await errands.post(poster, newErrand({ publish: false, title: 'Secret draft' }));
  });

  async function walk(orderBy: ErrandOrder, filter: ErrandFilter = {}, first = 4): Promise<Errand[]> {
    const rows: Errand[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await market.errands.list(viewer, { filter, orderBy, first, after });
      rows.push(...page.rows);
      expect(page.rows.length).toBeLessThanOrEqual(first);
      if (!page.hasNextPage) return rows;
      after = encodeCursor(errandCursor(orderBy)(page.rows.at(-1)!));
    }
  }

  const valueOf: Record<ErrandOrder, (errand: Errand) => number> = {
    CREATED_DESC: ({ createdAt }) => -createdAt.getTime(),
    CREATED_ASC: ({ createdAt }) => createdAt.getTime(),
    BUDGET_DESC: ({ budget }) => -Number(budget),
    BUDGET_ASC: ({ budget }) => Number(budget),
    DELIVER_BY_ASC: ({ deliverBy }) => deliverBy?.getTime() ?? Number.POSITIVE_INFINITY,
  };

  it.each(errandOrders)('show every open errand once, page by page, in the order %s, drafts never', async (order) => {
    const rows = await walk(order);
    expect(rows.map(({ id }) => id).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
    const values = rows.map(valueOf[order]);
    expect(values).toEqual(values.toSorted((one, other) => (one === other ? 0 : one - other)));
  });

  it('keep their place when rows are added in front of the cursor', async () => {
    const { errands } = market;
    const first = await errands.list(viewer, { first: 5 });
    market.clock.forward(minuteMs);
    const added = await errands.post(viewer, newErrand({ title: 'Just now' }));
    const next = await errands.list(viewer, {
      first: 5,
      after: encodeCursor(errandCursor('CREATED_DESC')(first.rows.at(-1)!)),
    });
    const seen = new Set([...first.rows, ...next.rows].map(({ id }) => id));
    expect([seen.size, seen.has(added.id)]).toEqual([10, false]);
    all.push(added);
  });

  it('filter by state, category, area, budget and text, all together', async () => {
    const titles = async (filter: ErrandFilter): Promise<string[]> =>
      (await walk('CREATED_ASC', filter)).map(({ title }) => title).toSorted();
    expect(await titles({ states: ['COMPLETED'] })).toEqual([]);
    expect(await titles({ categories: ['REPAIRS'] })).toEqual(['Errand 7']);
    expect(await titles({ area: 'lEKKi', budgetMin: 1001n, budgetMax: 1001n })).toEqual([
      'Errand 3',
      'Sale: 50%_off \\ today',
    ]);
    expect(await titles({ text: 'errand 1' })).toEqual([
      'Errand 1',
      ...[10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((n) => `Errand ${n}`),
    ]);
    expect((await titles({ text: 'SMALL BOX' })).length).toBe(all.length);
  });

  it('take % and _ and \\ of a search for themselves', async () => {
    const titles = async (text: string): Promise<string[]> =>
      (await walk('CREATED_ASC', { text })).map(({ title }) => title);
    expect(await titles('50%_off')).toEqual(['Sale: 50%_off \\ today']);
    expect(await titles('50_off')).toEqual([]);
    expect(await titles('50%off')).toEqual([]);
    expect(await titles('off \\ to')).toEqual(['Sale: 50%_off \\ today']);
    expect((await walk('CREATED_ASC', { area: '%%' })).length).toBe(0);
    expect((await walk('CREATED_ASC', { area: 'Yab_' })).length).toBe(0);
  });

  it('refuse what they cannot answer: drafts, bounds the wrong way round, a foreign or forged cursor', async () => {
    const { errands } = market;
    const list = (args: Parameters<typeof errands.list>[1]) => errands.list(viewer, args);
    await expect(list({ filter: { states: ['OPEN', 'DRAFT'] } })).rejects.toThrow('ask myErrands for drafts');
    await expect(list({ filter: { budgetMin: 5n, budgetMax: 4n } })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(list({ filter: { budgetMin: -1n, budgetMax: 10n ** 30n } })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
    await expect(list({ filter: { text: 'x' } })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(list({ first: 101 })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const cursor = errandCursor('BUDGET_ASC')(all[0]!);
    await expect(list({ after: encodeCursor(cursor) })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    for (const forged of [{ value: 'soon' }, { id: 'x' }, { value: '9'.repeat(30) }]) {
      const after = encodeCursor({ ...cursor, ...forged });
      await expect(list({ orderBy: 'BUDGET_ASC', after })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    }
  });

  it('tell people their own errands by the side they are on, drafts included', async () => {
    const { errands, customer, runner, tell } = market;
    const { errand } = await tell.assigned();
    const draft = await errands.post(customer, newErrand({ publish: false }));
    const mine = async (who: Viewer, args: Parameters<typeof errands.listMine>[1]): Promise<string[]> =>
      (await errands.listMine(who, { first: 100, ...args })).rows.map(({ id }) => id);
    expect(await mine(customer, { as: 'CUSTOMER' })).toEqual(expect.arrayContaining([errand.id, draft.id]));
    expect(await mine(customer, { states: ['DRAFT'] })).toContain(draft.id);
    expect(await mine(customer, { as: 'RUNNER' })).toEqual([]);
    expect(await mine(runner, { as: 'RUNNER' })).toContain(errand.id);
    expect(await mine(runner, { as: 'CUSTOMER' })).toEqual([]);
    expect(await mine(runner, {})).toContain(errand.id);
  });

  it('tell both parties their escrows, page by page, by state', async () => {
    const { escrows, customer, runner, stranger, tell } = market;
    const { escrow } = await tell.accepted();
    const ids = async (who: Viewer): Promise<string[]> => {
      const page = await escrows.list(who, { first: 100, state: 'AWAITING_FUNDS' });
      return page.rows.map(({ id }) => id);
    };
    expect(await ids(customer)).toContain(escrow.id);
    expect(await ids(runner)).toEqual(await ids(customer));
    expect(await ids(stranger)).toEqual([]);
    await expect(escrows.get(stranger, escrow.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const whole = (await escrows.list(customer, { first: 100 })).rows;
    const first = await escrows.list(customer, { first: 2 });
    const rest = await escrows.list(customer, { first: 100, after: encodeCursor(escrowCursor(first.rows[1]!)) });
    expect([...first.rows, ...rest.rows]).toEqual(whole);
  });
});
