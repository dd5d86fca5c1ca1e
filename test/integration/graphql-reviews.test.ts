import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../src/kernel/index.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { proofs } from '../support/keyed-calls.js';
import { agree, fund, join, openMarket, post, type Person } from '../support/market.js';
import { joinAs } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let customer: Person;
let runner: Person;
let onlookers: readonly GraphqlClient[];

beforeAll(async () => {
  app = await startTestApp();
  const tenantId = await openMarket(app.app.db);
  customer = await join(app.client, 'CUSTOMER');
  runner = await join(app.client, 'RUNNER');
  const staff = [];
  for (const role of ['SUPPORT', 'ADMIN', 'FINANCE', 'CUSTOMER'] as const)
    staff.push(await joinAs(app.app.db, app.client, tenantId, role));
  onlookers = [app.client, ...staff.map(({ client }) => client)];
});
afterAll(() => app.close());

type Data = Readonly<Record<string, object>>;

async function ask({ client }: Pick<Person, 'client'>, text: string, variables: object = {}) {
  const { data, errors, cacheStatus } = await client.ask(parse(text) as TypedDocumentNode<Data>, variables as never);
  const faults = errors.map(({ message, extensions: { code, fields } }) => ({ message, code, fields }));
  return { data, faults, isHit: cacheStatus.includes('; hit') };
}

async function completed(): Promise<string> {
  const id = await post(customer);
  await agree(customer, runner, id);
  await fund(customer, id);
  const done = [
    [runner, `mutation { startErrand(id: "${id}") { errand { id } } }`, {}],
    [
      runner,
      `mutation ($proofs: [ProofInput!]!) { submitProof(id: "${id}", proofs: $proofs) { errand { id } } }`,
      { proofs },
    ],
    [customer, `mutation { confirmDelivery(errandId: "${id}") { errand { id } } }`, {}],
  ] as const;
  for (const [person, text, variables] of done) expect((await ask(person, text, variables)).faults).toEqual([]);
  return id;
}

const parts = 'id stars text version visibleAt hiddenAt author { id } subject { id } errand { id }';
const give = (id: string, stars: number, more = '') =>
  `mutation { reviewUser(errandId: "${id}", input: { stars: ${stars}, text: "Words." }${more}) { isReplay review { ${parts} } } }`;

/** All that can be asked about the two and their errand, and what comes of trying to review it wrongly. */
async function allThatShows(client: GraphqlClient, errandId: string): Promise<unknown> {
  const person = 'id version rating ratingCount reviews { edges { cursor node { id } } pageInfo { hasNextPage } }';
  const errand = `id version state reviews { ${parts} } customer { ${person} } runner { ${person} }`;
  const questions = [
    `{ errand(id: "${errandId}") { ${errand} } }`,
    `{ errands(first: 5) { edges { node { ${errand} } } } }`,
    `{ myErrands(first: 5) { edges { node { ${errand} } } } }`,
    ...[customer.id, runner.id].map((id) => `{ user(id: "${id}") { ${person} } }`),
    `{ me { ${person} } }`,
    give(errandId, 6),
    give(errandId, 3, ', expectedVersion: 1'),
    give(errandId, 3, ', expectedVersion: 2'),
  ];
  const answers = [];
  for (const text of questions) answers.push(await ask({ client }, text));
  return answers;
}

describe('whether somebody has given a review', () => {
  it('cannot be told by anybody else, from no field, count, error or cache, before both have', async () => {
    const errandId = await completed();
    const shownTo = async (other: Person) => {
      const answers = [];
      for (const client of [other.client, ...onlookers]) answers.push(await allThatShows(client, errandId));
      return answers;
    };
    await shownTo(customer);
    const before = await shownTo(customer);
    expect((await ask(runner, give(errandId, 4))).faults).toEqual([]);
    expect((await ask(runner, give(errandId, 1, ', expectedVersion: 1'))).faults).toEqual([]);
    expect(await shownTo(customer)).toEqual(before);
    expect((await ask(customer, give(errandId, 5))).faults).toEqual([]);
    expect(await shownTo(customer), 'the questions would show it').not.toEqual(before);
  });

  it('shows at once in ratings that a cache had shown without it', async () => {
    const errandId = await completed();
    const text = `{ user(id: "${runner.id}") { rating ratingCount } }`;
    const rating = async () => {
      const { data, isHit } = await ask(customer, text);
      return { ...(data!['user'] as { rating: number | null; ratingCount: number }), isHit };
    };
    await rating();
    const before = await rating();
    expect(before.isHit).toBe(true);
    await ask(customer, give(errandId, 2));
    expect(await rating()).toEqual(before);
    await ask(runner, give(errandId, 5));
    const { ratingCount } = before;
    const average = ((before.rating ?? 0) * ratingCount + 2) / (ratingCount + 1);
    expect(await rating()).toEqual({ rating: average, ratingCount: ratingCount + 1, isHit: true });
  });
});

describe('a review that is given again with its key', () => {
  it('is given once and answered the same, and is not replaced by it', async () => {
    const errandId = await completed();
    const key = uuidv7();
    const text = give(errandId, 4, `, idempotencyKey: "${key}"`);
    const first = await ask(customer, text);
    expect(first).toMatchObject({ faults: [], data: { reviewUser: { isReplay: false, review: { version: 1 } } } });
    await ask(customer, give(errandId, 1, ', expectedVersion: 1'));
    const again = await ask(customer, text);
    expect(again.data).toEqual({ reviewUser: { ...(first.data!['reviewUser'] as object), isReplay: true } });
    const { data } = await ask(customer, `{ errand(id: "${errandId}") { reviews { stars version } } }`);
    expect(data).toEqual({ errand: { reviews: [{ stars: 1, version: 2 }] } });
  });
});
