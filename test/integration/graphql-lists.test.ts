import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CancelErrandDocument,
  ErrandsDocument,
  ErrandWalkDocument,
  UpdateErrandDocument,
  type ErrandFilter,
  type ErrandOrder,
  type ErrandWalkQuery,
} from '../support/generated/graphql.js';
import { join, openMarket, post, type Person } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let customer: Person;
beforeAll(async () => {
  app = await startTestApp();
  await openMarket(app.app.db);
  customer = await join(app.client, 'CUSTOMER');
});
afterAll(() => app.close());

type Node = ErrandWalkQuery['errands']['edges'][number]['node'];

/** What each ordering sorts by, as text or number; rows without a deadline come last. */
const sortedBy: Readonly<Record<ErrandOrder, (node: Node) => number>> = {
  CREATED_DESC: ({ createdAt }) => -Date.parse(createdAt),
  CREATED_ASC: ({ createdAt }) => Date.parse(createdAt),
  BUDGET_DESC: ({ budget }) => -Number(budget.minor),
  BUDGET_ASC: ({ budget }) => Number(budget.minor),
  DELIVER_BY_ASC: ({ deliverBy }) => (deliverBy === null ? Number.POSITIVE_INFINITY : Date.parse(deliverBy)),
};

const orders = Object.keys(sortedBy) as readonly ErrandOrder[];
const dayMs = 24 * 60 * 60 * 1000;
const noon = new Date(Math.floor(Date.now() / dayMs) * dayMs).getTime();

/** Rows of which many are equal in what they are sorted by; some without a deadline. */
async function fill(area: string, rowsCount: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let row = 0; row < rowsCount; row += 1) {
    ids.push(await post(customer, { area, budget: { minor: 1000 * (1 + (row % 4)), currency: 'NGN' } }));
  }
  await app.app.db.write(async (tx) => {
    for (const [row, id] of ids.entries()) {
      const deliverBy = row % 5 === 0 ? null : new Date(noon + (2 + (row % 3)) * dayMs);
      await tx.errand.update({ where: { id }, data: { createdAt: new Date(noon - (row % 3) * 1000), deliverBy } });
    }
  });
  return ids;
}

/** Every page of a list, each asked for with the end cursor of the one before. */
async function walk(
  variables: { filter: ErrandFilter; orderBy: ErrandOrder; first: number },
  betweenPages: () => Promise<unknown> = async () => {},
): Promise<readonly Node[]> {
  const nodes: Node[] = [];
  let after: string | null = null;
  do {
    const { errands }: ErrandWalkQuery = await app.client.get(ErrandWalkDocument, { ...variables, after });
    expect(errands.pageInfo.hasPreviousPage).toBe(after !== null);
    expect(errands.pageInfo.startCursor).toBe(errands.edges[0]?.cursor ?? null);
    nodes.push(...errands.edges.map(({ node }) => node));
    after = errands.pageInfo.hasNextPage ? errands.pageInfo.endCursor : null;
    if (after) await betweenPages();
  } while (after);
  return nodes;
}

describe.each(orders)('a list ordered %s', (orderBy) => {
  it.each([1, 7, 23, 100])('shows every row exactly once and in order, in pages of %i', async (first) => {
    const area = `Still ${orderBy} ${first}`;
    const ids = await fill(area, 23);
    const nodes = await walk({ filter: { area }, orderBy, first });
    expect(nodes.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    const values = nodes.map(sortedBy[orderBy]);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
  });

  it('shows every row that was there exactly once although rows come and go between the pages', async () => {
    const area = `Moving ${orderBy}`;
    const [staying, going] = [await fill(area, 15), await fill(area, 6)];
    let page = 0;
    const nodes = await walk({ filter: { area, states: ['OPEN'] }, orderBy, first: 4 }, async () => {
      const leaving = going[page];
      if (leaving) await customer.client.get(CancelErrandDocument, { id: leaving });
      for (const minor of [1, 2500, 900_000]) await post(customer, { area, budget: { minor, currency: 'NGN' } });
      page += 1;
    });
    expect(page).toBeGreaterThan(3);
    const shown = nodes.map(({ id }) => id);
    expect(new Set(shown).size, 'nothing twice').toBe(shown.length);
    expect(
      staying.filter((id) => !shown.includes(id)),
      'nothing left out',
    ).toEqual([]);
  });

  it('goes on from the cursor of any row, not only of the last', async () => {
    const area = `Anywhere ${orderBy}`;
    await fill(area, 9);
    const { errands } = await app.client.get(ErrandWalkDocument, { filter: { area }, orderBy, first: 9 });
    const ids = errands.edges.map(({ node }) => node.id);
    for (const [index, { cursor }] of errands.edges.entries()) {
      const rest = await app.client.get(ErrandWalkDocument, { filter: { area }, orderBy, first: 9, after: cursor });
      expect(rest.errands.edges.map(({ node }) => node.id)).toEqual(ids.slice(index + 1));
    }
  });

  it('refuses the cursor of every other ordering', async () => {
    const { errands } = await app.client.get(ErrandWalkDocument, { orderBy, first: 1 });
    for (const other of orders.filter((order) => order !== orderBy)) {
      const { errors } = await app.client.ask(ErrandWalkDocument, {
        orderBy: other,
        after: errands.pageInfo.endCursor,
      });
      expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', fields: [{ path: 'after' }] });
      expect(errors[0]?.message).toContain(orderBy);
    }
  });
});

describe('a list', () => {
  it.each([0, -1, 101, 2_147_483_647])('refuses first: %i, which is outside 1 to 100', async (first) => {
    const { errors } = await app.client.ask(ErrandsDocument, { first });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', fields: [{ path: 'first' }] });
  });

  it.each(['', 'garbage', Buffer.from('[]').toString('base64url'), cursorOf('CREATED_DESC', 'never', 'no id')])(
    'refuses a cursor that nobody gave out: "%s"',
    async (after) => {
      const { errors } = await app.client.ask(ErrandsDocument, { after });
      expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', fields: [{ path: 'after' }] });
    },
  );

  it('takes null for an argument as if it were not given', async () => {
    const [bare, nulls] = await Promise.all([
      app.client.ask(ErrandWalkDocument, {}),
      app.client.ask(ErrandWalkDocument, { first: null, after: null, filter: null }),
    ]);
    expect(nulls.errors).toEqual([]);
    expect(nulls.data).toEqual(bare.data);
    const id = await post(customer, { area: 'Null Island' });
    const change = { id, input: { title: 'Another title' }, expectedVersion: null };
    expect((await customer.client.ask(UpdateErrandDocument, change)).errors).toEqual([]);
  });

  it('that is empty is a page without rows', async () => {
    const { errands } = await app.client.get(ErrandWalkDocument, { filter: { area: 'Nowhere' } });
    const pageInfo = { startCursor: null, endCursor: null, hasNextPage: false, hasPreviousPage: false };
    expect(errands).toEqual({ edges: [], pageInfo });
  });
});

function cursorOf(...parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}
