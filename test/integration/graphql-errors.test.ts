import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Logger } from '../../src/kernel/index.js';
import { ErrandDocument, MeDocument, PostErrandDocument, SignUpDocument } from '../support/generated/graphql.js';
import { errandInput, join, openMarket, type Person } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const minuteMs = 60_000;
let nowMs = Date.now();
const errorsLogged: object[] = [];
const logger: Logger = { debug() {}, info() {}, warn() {}, error: (fields) => void errorsLogged.push(fields) };

let app: TestApp;
let customer: Person;
beforeAll(async () => {
  app = await startTestApp({ logger, clock: { now: () => new Date(nowMs) } });
  await openMarket(app.app.db);
  customer = await join(app.client, 'CUSTOMER');
});
afterAll(() => app.close());

interface Raw {
  readonly status: number;
  readonly codes: readonly string[];
  readonly text: string;
}

/** Any HTTP request, for what the typed client cannot say. */
async function raw(url: string, init: RequestInit = {}): Promise<Raw> {
  const response = await fetch(url, init);
  const text = await response.text();
  const { errors = [] } = JSON.parse(text) as { errors?: { extensions: { code: string } }[] };
  return { status: response.status, codes: errors.map(({ extensions }) => extensions.code), text };
}

function ask(query: string, headers: Readonly<Record<string, string>> = {}, url = app.url): Promise<Raw> {
  const body = JSON.stringify({ query });
  return raw(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
}

describe('bad input', () => {
  it('is refused with every faulty field at once, each by its path, and changes nothing', async () => {
    const input = errandInput({
      title: 'x',
      area: '',
      budget: { minor: -5, currency: 'KES' },
      pickupPoint: { lat: 91, lng: 0 },
      expiresAt: new Date(nowMs - minuteMs).toISOString(),
    });
    const { status, data, errors } = await customer.client.ask(PostErrandDocument, { input });
    expect(status).toBe(200);
    expect(data).toBeNull();
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', retryable: false });
    expect(errors[0]?.extensions.fields?.map(({ path }) => path).toSorted()).toEqual([
      'input.area',
      'input.budget.currency',
      'input.expiresAt',
      'input.pickupPoint.lat',
      'input.title',
    ]);
  });

  it('is refused in every part of a sign-up at once', async () => {
    const input = { email: 'nobody', password: 'short', displayName: '', phone: '12' };
    const { errors } = await app.client.ask(SignUpDocument, { input });
    expect(errors[0]?.extensions.code).toBe('BAD_INPUT');
    expect(errors[0]?.extensions.fields?.map(({ path }) => path).toSorted()).toEqual([
      'input.displayName',
      'input.email',
      'input.password',
      'input.phone',
    ]);
  });

  it('of an id is refused as such, not as something that is not there', async () => {
    const { errors } = await app.client.ask(ErrandDocument, { id: '17' });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', fields: [{ path: 'id' }] });
  });

  it.each(['{ errands(first: "many") { edges { cursor } } }', '{ errands { edges { nothing } } }', '{ errands {'])(
    'that GraphQL itself refuses has a code too: %s',
    async (query) => {
      const { status, codes } = await ask(query);
      expect(status).toBe(400);
      expect(codes).toEqual([expect.stringMatching(/^GRAPHQL_(VALIDATION|PARSE)_FAILED$/)]);
    },
  );

  it('in variables is BAD_INPUT', async () => {
    const query = 'query ($first: Int) { errands(first: $first) { edges { cursor } } }';
    const body = JSON.stringify({ query, variables: { first: 'many' } });
    const headers = { 'content-type': 'application/json' };
    const answer = await raw(`${app.url}/graphql`, { method: 'POST', headers, body });
    expect(answer).toMatchObject({ status: 400, codes: ['BAD_INPUT'] });
  });
});

describe('a defect of ours', () => {
  it('is masked with the id of the request, and logged once with the same id and the cause', async () => {
    const database = new Client({ connectionString: app.database.url });
    await database.connect();
    await database.query('ALTER TABLE bank RENAME TO bank_elsewhere');
    try {
      const { codes, text } = await ask('{ banks(country: "KE") { name } }', { 'x-request-id': 'find-me-7' });
      expect(codes).toEqual(['INTERNAL']);
      expect(text).toContain('"requestId":"find-me-7"');
      expect(text).toContain('Something went wrong on our side.');
      expect(text).not.toMatch(/bank_|prisma|relation|does not exist|node_modules/i);
      expect(errorsLogged).toEqual([expect.objectContaining({ requestId: 'find-me-7', err: expect.any(Error) })]);
    } finally {
      await database.query('ALTER TABLE bank_elsewhere RENAME TO bank');
      await database.end();
    }
  });

  it('leaves nothing behind in the cache: the next request is answered', async () => {
    expect((await ask('{ banks(country: "KE") { name } }')).codes).toEqual([]);
  });
});

describe('a token', () => {
  it.each(['Bearer not.a.token', 'Bearer', 'Basic YWRhOmFkYQ==', `Bearer ${'x'.repeat(2000)}`])(
    'that is none fails the whole request with 401, also for what anyone may ask: %#',
    async (authorization) => {
      const { status, codes } = await ask('{ errands { edges { cursor } } }', { authorization });
      expect({ status, codes }).toEqual({ status: 401, codes: ['UNAUTHENTICATED'] });
    },
  );

  it('is good until it expires, and then says that it did, also with the answer in the cache', async () => {
    const person = await join(app.client, 'RUNNER');
    expect((await person.client.ask(MeDocument)).errors).toEqual([]);
    nowMs += 11 * minuteMs;
    const { status, errors } = await person.client.ask(MeDocument);
    expect(status).toBe(401);
    expect(errors[0]).toMatchObject({
      message: expect.stringContaining('expired'),
      extensions: { code: 'UNAUTHENTICATED' },
    });
  });
});

describe('a document', () => {
  const deep = `{ errands { edges { node { ${'escrow { errand { '.repeat(5)} id ${'} } '.repeat(5)} } } } }`;
  const aliased = `{ ${Array.from({ length: 16 }, (_, index) => `a${index}: errands(first: 1) { edges { cursor } }`).join(' ')} }`;
  const long = `{ errands { edges { node { ${'id '.repeat(2100)} } } } }`;
  const costly = `{ ${Array.from({ length: 15 }, (_, index) => `a${index}: errands(first: 100) { edges { node { id title area state version customer { id displayName } } } }`).join(' ')} }`;

  it.each([
    { what: 'too deep', query: deep, says: /depth/i },
    { what: 'with too many aliases', query: aliased, says: /alias/i },
    { what: 'with too many tokens', query: long, says: /token/i },
    { what: 'that costs too much', query: costly, says: /cost/i },
  ])('$what is refused before it runs', async ({ query, says }) => {
    const { status, codes, text } = await ask(query);
    expect(status).toBe(400);
    expect(codes[0]).toMatch(/^GRAPHQL_(VALIDATION|PARSE)_FAILED$/);
    expect(text).toMatch(says);
  });

  it('that asks for the largest page with everything on it is answered', async () => {
    const money = '{ minor currency formatted }';
    const person = '{ id displayName rating roles }';
    const query = `{ errands(first: 100) { edges { cursor node { id title description category area state version
      budget ${money} goodsBudget ${money} customer ${person} runner ${person} offersCount createdAt updatedAt
      pickupAddress pickupPoint { lat lng } dropoffAddress dropoffPoint { lat lng }
      escrow { id state version gross ${money} funded ${money} released ${money} refunded ${money} } } }
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }`;
    expect(await ask(query)).toMatchObject({ status: 200, codes: [] });
  });
});
