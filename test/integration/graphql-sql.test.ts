import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ErrandBoardDocument,
  ErrandsDocument,
  EscrowBoardDocument,
  type ErrandBoardQuery,
  type EscrowBoardQuery,
} from '../support/generated/graphql.js';
import { agree, join, openMarket, post, type Person } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Filled with rows that each have a runner of their own, an offer and an escrow. */
const rowsCount = 20;
const area = 'Ikoyi';

describe.each([
  { cache: 'off', env: { CACHE_ENABLED: 'False' } },
  { cache: 'on', env: {} },
])('what the API costs in SQL with the cache $cache', ({ cache, env }) => {
  const statements: string[] = [];
  let app: TestApp;
  let customer: Person;

  beforeAll(async () => {
    // Timers look for due errands on their own, whatever is read.
    app = await startTestApp({ env, onStatement: (sql) => statements.push(sql), timersEveryMs: 3_600_000 });
    await openMarket(app.app.db);
    customer = await join(app.client, 'CUSTOMER');
    const runners = await Promise.all(Array.from({ length: rowsCount }, () => join(app.client, 'RUNNER')));
    for (const runner of runners) await agree(customer, runner, await post(customer, { area }));
    await customer.client.get(ErrandsDocument, { filter: { area: 'Nowhere' } });
  });
  afterAll(() => app.close());

  /** The statements that reading took, the sweeper's left out. */
  async function costOf<Answer>(read: () => Promise<Answer>): Promise<{ answer: Answer; sql: readonly string[] }> {
    statements.length = 0;
    const answer = await read();
    return { answer, sql: statements.filter(isOfARead) };
  }

  it('a list of errands with customer, runner, offers and escrow takes as many statements for 20 rows as for 2', async () => {
    const board = (first: number) =>
      costOf(() => customer.client.get(ErrandBoardDocument, { first, filter: { area } }));
    const [few, many] = [await board(2), await board(rowsCount)];
    expect(few.answer.errands.edges).toHaveLength(2);
    expectFullErrands(many.answer);
    expect(many.sql, many.sql.join('\n')).toHaveLength(few.sql.length);
    expect(few.sql.length, few.sql.join('\n')).toBeLessThanOrEqual(cache === 'on' ? 7 : 9);
  });

  it('a list of escrows with errand, customer and runner takes as many statements for 20 rows as for 2', async () => {
    const board = (first: number) => costOf(() => customer.client.get(EscrowBoardDocument, { first }));
    const [few, many] = [await board(2), await board(rowsCount)];
    expect(few.answer.myEscrows.edges).toHaveLength(2);
    expectFullEscrows(many.answer);
    expect(many.sql, many.sql.join('\n')).toHaveLength(few.sql.length);
    expect(few.sql.length, few.sql.join('\n')).toBeLessThanOrEqual(cache === 'on' ? 5 : 7);
  });

  it(`a repeated list without edges takes ${cache === 'on' ? 'no statement at all' : 'the same statements again'}`, async () => {
    const read = () => costOf(() => customer.client.ask(ErrandsDocument, { filter: { area } }));
    const [first, again] = [await read(), await read()];
    expect(first.sql.length).toBeGreaterThan(0);
    expect(again.answer.data?.errands.edges).toHaveLength(rowsCount);
    expect(again.answer.cacheStatus.includes('; hit')).toBe(cache === 'on');
    expect(again.sql.toSorted()).toEqual(cache === 'on' ? [] : first.sql.toSorted());
  });
});

/** The sweeper looks for untold changes on its own, whatever is read. */
function isOfARead(sql: string): boolean {
  return !sql.includes('row_change') && !/^(BEGIN|COMMIT|ROLLBACK)/i.test(sql);
}

function expectFullErrands({ errands: { edges } }: ErrandBoardQuery): void {
  expect(edges).toHaveLength(rowsCount);
  expect(new Set(edges.map(({ node }) => node.runner?.id)).size).toBe(rowsCount);
  for (const { node } of edges) {
    expect(node).toMatchObject({ customer: { displayName: 'CUSTOMER' }, escrow: { state: 'AWAITING_FUNDS' } });
  }
}

function expectFullEscrows({ myEscrows: { edges } }: EscrowBoardQuery): void {
  expect(edges).toHaveLength(rowsCount);
  expect(new Set(edges.map(({ node }) => node.runner.id)).size).toBe(rowsCount);
  for (const { node } of edges) expect(node).toMatchObject({ errand: { title: 'Fetch a parcel' } });
}
