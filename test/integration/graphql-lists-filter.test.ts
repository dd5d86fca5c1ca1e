import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CancelErrandDocument,
  ErrandsDocument,
  UpdateErrandDocument,
  type ErrandFilter,
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

describe('a filter', () => {
  const area = 'Filter Island';
  const rows = [
    { title: 'Buy rice', category: 'SHOPPING', budget: { minor: 1000, currency: 'NGN' } },
    { title: 'Fetch 100% cotton', category: 'PICKUP', budget: { minor: 2000, currency: 'NGN' } },
    { title: 'Queue at the bank', category: 'QUEUEING', budget: { minor: 3000, currency: 'NGN' } },
    { title: 'A draft of rice', category: 'SHOPPING', budget: { minor: 1000, currency: 'NGN' }, publish: false },
    { title: 'Cancelled rice', category: 'SHOPPING', budget: { minor: 1500, currency: 'NGN' } },
  ] as const;
  beforeAll(async () => {
    for (const row of rows) {
      const id = await post(customer, { area, ...row });
      if (row.title === 'Cancelled rice') await customer.client.get(CancelErrandDocument, { id });
    }
  });

  const cases: readonly [string, ErrandFilter, readonly string[]][] = [
    ['nothing else: all but drafts', {}, ['Buy rice', 'Cancelled rice', 'Fetch 100% cotton', 'Queue at the bank']],
    ['an empty list as if it were not given', { states: [], categories: [] }, [...titlesBut('A draft of rice')]],
    ['one state', { states: ['CANCELLED'] }, ['Cancelled rice']],
    ['several states', { states: ['CANCELLED', 'OPEN'] }, [...titlesBut('A draft of rice')]],
    ['categories', { categories: ['SHOPPING', 'QUEUEING'] }, ['Buy rice', 'Cancelled rice', 'Queue at the bank']],
    ['bounds, inclusive', { budgetMin: 1500, budgetMax: 2000 }, ['Cancelled rice', 'Fetch 100% cotton']],
    ['words, whatever their case', { text: 'RICE' }, ['Buy rice', 'Cancelled rice']],
    ['words that are wildcards elsewhere, as they stand', { text: '0% c' }, ['Fetch 100% cotton']],
    ['wildcards that stand for nothing', { text: '__' }, []],
    ['everything at once', { text: 'rice', states: ['OPEN'], categories: ['SHOPPING'], budgetMax: 1000 }, ['Buy rice']],
    ['the area in another case', { area: 'fILTER iSLAND', text: 'bank' }, ['Queue at the bank']],
    ['a part of the area', { area: 'Filter' }, []],
    ['an area that is a wildcard elsewhere', { area: 'Filter%' }, []],
  ];
  it.each(cases)('by %s', async (_what, filter, titles) => {
    const { errands } = await app.client.get(ErrandsDocument, { filter: { area, ...filter } });
    expect(errands.edges.map(({ node }) => node.title).toSorted()).toEqual([...titles].toSorted());
  });

  it.each([
    ['ÌKÒYÍ', 'ìkòyí'],
    ['İkeja', 'ikeja'],
    ['ΟΔΟΣ', 'οδοσ'],
  ])('by area shows an errand of %s to who asks for %s, and its changes at once', async (written, asked) => {
    const id = await post(customer, { area: written });
    const titles = async () =>
      (await app.client.get(ErrandsDocument, { filter: { area: asked } })).errands.edges.map(({ node }) => node.title);
    expect(await titles()).toEqual(['Fetch a parcel']);
    await customer.client.get(UpdateErrandDocument, { id, input: { title: 'Changed' } });
    expect(await titles()).toEqual(['Changed']);
  });

  it('never opens the drafts of the market', async () => {
    const { errors } = await customer.client.ask(ErrandsDocument, { filter: { area, states: ['DRAFT'] } });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', fields: [{ path: 'filter.states' }] });
  });

  it('that cannot be is refused with all its faults', async () => {
    const { errors } = await app.client.ask(ErrandsDocument, { filter: { budgetMin: 5, budgetMax: 1, text: 'x' } });
    expect(errors[0]?.extensions.fields?.map(({ path }) => path)).toEqual(['filter.budgetMax', 'filter.text']);
  });

  function titlesBut(...left: readonly string[]): readonly string[] {
    return rows.map(({ title }) => title).filter((title) => !left.includes(title));
  }
});
