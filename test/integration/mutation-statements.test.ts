import { parse } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { TopUpWalletDocument } from '../support/generated/graphql.js';
import { errandInput, join, openMarket, type Person } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Of a transaction, without its BEGIN and COMMIT. A key of the caller's own takes two more. */
const statementsMax = {
  postErrand: 5,
  updateErrand: 5,
  /** Two of them hold who bids and look at how they stand then. */
  makeOffer: 8,
  acceptOffer: 9,
  /** One of them holds the runner, who may be suspended by then. */
  fundEscrow: 11,
  startErrand: 3,
  submitProof: 5,
  confirmDelivery: 8,
} as const;
const ofKey = 2;
type Counted = keyof typeof statementsMax;

const documents: Readonly<Record<Counted, string>> = {
  postErrand:
    '($input: PostErrandInput!, $key: String) { postErrand(input: $input, idempotencyKey: $key) { errand { id } } }',
  updateErrand:
    '($id: ID!, $input: UpdateErrandInput!, $key: String) { updateErrand(id: $id, input: $input, idempotencyKey: $key) { errand { id } } }',
  makeOffer:
    '($id: ID!, $input: MakeOfferInput!, $key: String) { makeOffer(errandId: $id, input: $input, idempotencyKey: $key) { offer { id } } }',
  acceptOffer: '($id: ID!, $key: String) { acceptOffer(offerId: $id, idempotencyKey: $key) { errand { id } } }',
  fundEscrow: '($id: ID!, $key: String) { fundEscrow(errandId: $id, idempotencyKey: $key) { errand { id } } }',
  startErrand: '($id: ID!, $key: String) { startErrand(id: $id, idempotencyKey: $key) { errand { id } } }',
  submitProof:
    '($id: ID!, $proofs: [ProofInput!]!, $key: String) { submitProof(id: $id, proofs: $proofs, idempotencyKey: $key) { errand { id } } }',
  confirmDelivery:
    '($id: ID!, $key: String) { confirmDelivery(errandId: $id, idempotencyKey: $key) { errand { id } } }',
};

const statements: string[] = [];
let app: TestApp;
let customer: Person;
let runner: Person;

beforeAll(async () => {
  app = await startTestApp({ onStatement: (sql) => statements.push(sql) });
  await openMarket(app.app.db);
  customer = await join(app.client, 'CUSTOMER');
  runner = await join(app.client, 'RUNNER');
  await customer.client.get(TopUpWalletDocument, { input: { amount: { minor: 3_000_000, currency: 'NGN' } } });
});
afterAll(() => app.close());

type Payload = Readonly<
  Record<string, { readonly errand?: { readonly id: string }; readonly offer?: { readonly id: string } }>
>;

function document<Answer>(text: string): TypedDocumentNode<Answer, object> {
  return parse(text);
}

/** Walks the main road. @returns the statements of each call */
async function walk(
  keyOf: (name: Counted) => string | undefined,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const seen: Record<string, readonly string[]> = {};
  const call = async (who: Person, name: Counted, variables: object) => {
    statements.length = 0;
    const query = document<Payload>(`mutation ${documents[name]}`);
    const payload = (await who.client.get(query, { ...variables, key: keyOf(name) }))[name];
    seen[name] = statements.filter(isOfTheCall);
    return payload;
  };
  const posted = await call(customer, 'postErrand', { input: errandInput() });
  const id = posted?.errand?.id;
  await call(customer, 'updateErrand', { id, input: { title: 'Another' } });
  const made = await call(runner, 'makeOffer', { id, input: { amountMinor: 300_000 } });
  await call(customer, 'acceptOffer', { id: made?.offer?.id });
  await call(customer, 'fundEscrow', { id });
  await call(runner, 'startErrand', { id });
  await call(runner, 'submitProof', { id, proofs: [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }] });
  await call(customer, 'confirmDelivery', { id });
  return seen;
}

/** The sweeper and what is forgotten behind an answer delete from row_change whenever they come to it. */
function isOfTheCall(sql: string): boolean {
  return !/^\s*(BEGIN|COMMIT)/i.test(sql) && !sql.includes('DELETE FROM row_change');
}

it('each mutation of the main road takes as many statements as are written down here and no more, two more with a key', async () => {
  // Who asks, and the market's currency, are known from then on.
  await walk(() => undefined);
  const walks = [await walk(() => undefined), await walk((name) => `a key for ${name}`)];
  for (const [nth, seen] of walks.entries()) {
    for (const [name, max] of Object.entries(statementsMax)) {
      expect(seen[name]!.length, `${name}:\n${seen[name]!.join('\n')}`).toBeLessThanOrEqual(max + nth * ofKey);
      expect(seen[name]!.length, name).toBeGreaterThan(0);
    }
  }
});

it('what a transaction says again and again is kept planned by its connection, and lists are planned for what is asked', async () => {
  await walk(() => undefined);
  statements.length = 0;
  const kept = await keptByAll();
  expect(kept.some(({ sql }) => sql.includes('INSERT INTO process_event'))).toBe(true);
  const list = document<unknown>('{ errands(first: 3) { edges { node { id } } } }');
  await customer.client.get(list, {});
  const lists = statements.filter((sql) => sql.includes('ORDER BY "public"."errand"'));
  expect(lists.length).toBeGreaterThan(0);
  const after = await keptByAll();
  expect(after.filter(({ sql }) => lists.includes(sql))).toEqual([]);
});

/** What every connection of the pool keeps: as many transactions as there can be are open at once. */
async function keptByAll(): Promise<readonly { sql: string }[]> {
  const poolMax = 10;
  let open = 0;
  let release: () => void;
  const all = new Promise<void>((resolve) => {
    release = resolve;
  });
  const look = () =>
    app.app.db.write(async (tx) => {
      open += 1;
      if (open === poolMax) release();
      await all;
      return tx.$queryRaw<
        { sql: string }[]
      >`SELECT statement AS sql FROM pg_prepared_statements WHERE name LIKE 'runam%'`;
    });
  return (await Promise.all(Array.from({ length: poolMax }, look))).flat();
}
