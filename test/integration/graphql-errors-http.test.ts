import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUuid } from '../../src/kernel/index.js';
import { ErrandsDocument } from '../support/generated/graphql.js';
import { openMarket } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await openMarket(app.app.db);
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

describe('the front door', () => {
  const aList = '{ errands { edges { cursor } } }';
  const preflight = { 'apollo-require-preflight': 'true' };
  const get = (query: string, headers: Readonly<Record<string, string>> = {}): Promise<Raw> =>
    raw(`${app.url}/graphql?query=${encodeURIComponent(query)}`, { headers });

  it('answers queries over GET, and refuses mutations over GET', async () => {
    expect(await get(aList, preflight)).toMatchObject({ status: 200, codes: [] });
    const { status, text } = await get('mutation { refreshSession(refreshToken: "x") { accessToken } }', preflight);
    expect(status).toBe(405);
    expect(text).toContain('"errors"');
  });

  it('refuses what a foreign page could make a browser send without asking first', async () => {
    expect((await get(aList)).status).toBe(400);
    const headers = { 'content-type': 'text/plain' };
    const body = JSON.stringify({ query: aList });
    expect((await raw(`${app.url}/graphql`, { method: 'POST', headers, body })).status).toBe(400);
  });

  it('refuses several operations in one request', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify([{ query: aList }, { query: aList }]);
    expect((await raw(`${app.url}/graphql`, { method: 'POST', headers, body })).status).toBe(400);
  });

  it('knows no market but those that are open', async () => {
    const answer = await ask(aList, { 'x-runam-tenant': 'atlantis' });
    expect(answer).toMatchObject({ status: 404, codes: ['NOT_FOUND'] });
  });

  it('gives every answer the id of its request, its own when the caller sent none that is usable', async () => {
    const idOf = async (sent: string) => {
      const response = await fetch(`${app.url}/healthz`, { headers: { 'x-request-id': sent } });
      return response.headers.get('x-request-id') ?? '';
    };
    expect(await idOf('mine-1')).toBe('mine-1');
    expect(isUuid(await idOf('not <usable>'))).toBe(true);
  });
});

describe('a server with tight limits', () => {
  let tight: TestApp;
  beforeAll(async () => {
    const env = { BODY_LIMIT_BYTES: '2048', RATE_LIMIT_PER_MINUTE: '5', INTROSPECTION: 'false' };
    tight = await startTestApp({ env, database: app.database });
  });
  afterAll(() => tight.close());

  it('answers a body that is too large, introspection, and one request too many in the shape of GraphQL errors', async () => {
    const large = await ask(`{ errands { edges { cursor } } } # ${'x'.repeat(3000)}`, {}, tight.url);
    expect(large).toMatchObject({ status: 413, codes: ['BAD_INPUT'] });
    const introspection = await ask('{ __schema { types { name } } }', {}, tight.url);
    expect(introspection).toMatchObject({ status: 400, codes: ['GRAPHQL_VALIDATION_FAILED'] });
    const answers = [];
    for (let index = 0; index < 4; index += 1) answers.push(await tight.client.ask(ErrandsDocument, {}));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[3]?.errors[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
  });

  it('still tells whether it is alive and ready', async () => {
    expect((await fetch(`${tight.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${tight.url}/readyz`)).status).toBe(200);
  });
});
