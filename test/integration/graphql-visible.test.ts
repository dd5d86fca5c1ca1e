import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UpdateErrandDocument } from '../support/generated/graphql.js';
import { getGraphql, postGraphql } from '../support/http.js';
import { join, openMarket, post, type Person } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const trace = { 'x-runam-cache': 'trace' };

describe('extensions.cache', () => {
  let app: TestApp;
  let customer: Person;
  let authorization: Readonly<Record<string, string>>;
  let admin: Readonly<Record<string, string>>;
  let errandId: string;

  beforeAll(async () => {
    app = await startTestApp({ env: { CACHE_TTL_JITTER_PERCENT: '0' } });
    const tenantId = await openMarket(app.app.db);
    customer = await join(app.client, 'CUSTOMER');
    authorization = await signedIn(app.url, customer.email);
    const chief = await join(app.client, 'CUSTOMER');
    await app.app.db.write((tx) =>
      tx.roleGrant.create({ data: { id: chief.id, tenantId, userId: chief.id, role: 'ADMIN', createdAt: new Date() } }),
    );
    admin = await signedIn(app.url, chief.email);
    errandId = await post(customer, { area: 'Yaba' });
  });
  afterAll(() => app.close());

  const field = async (query: string, headers: Readonly<Record<string, string>> = {}) =>
    (await postGraphql(app.url, query, { ...trace, ...headers })).body.extensions?.cache;

  it('says of each cached root field what happened, under its alias, with its guarantee in words', async () => {
    const query = `{ first: errand(id: "${errandId}") { id } banks { name } __typename }`;
    const cold = await field(query);
    expect(cold?.fields).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          path: ['first'],
          type: 'ERRAND_DETAIL',
          kind: 'miss',
          reason: 'cold',
          ttlMs: 300_000,
        }),
        expect.objectContaining({ path: ['banks'], type: 'BANKS_LIST', kind: 'miss' }),
      ]),
    );
    const warm = (await field(query))?.fields?.find(({ type }) => type === 'ERRAND_DETAIL');
    expect(warm).toMatchObject({ kind: 'hit', tier: 'acked', guarantee: 'never older than any answered write' });
    expect(warm).not.toHaveProperty('reason');
    expect(warm?.['ageMs']).toBeGreaterThanOrEqual(0);
    expect(warm?.['ttlMs']).toBeLessThanOrEqual(300_000);
    expect(warm?.['tookMs']).toBeGreaterThan(0);
  });

  it('says what was read to learn who asks', async () => {
    const mine = await field('{ myErrands { edges { node { id } } } }', authorization);
    expect(mine?.viewer?.map(({ type, tier }) => [type, tier])).toEqual(
      expect.arrayContaining([
        ['ROLES', 'strict'],
        ['SESSION', 'strict'],
      ]),
    );
    expect((await field('{ banks { name } }'))?.viewer).toMatchObject([{ type: 'TENANT' }]);
  });

  it('names keys and tags to admins, and to nobody else', async () => {
    const query = `{ errand(id: "${errandId}") { id } }`;
    for (const headers of [{}, authorization]) {
      const { fields, viewer } = (await field(query, headers)) ?? {};
      for (const report of [...(fields ?? []), ...(viewer ?? [])]) {
        expect(report).not.toHaveProperty('key');
        expect(report).not.toHaveProperty('tags');
      }
    }
    const shown = (await field(query, admin))?.fields?.[0];
    expect(shown?.['key']).toContain(errandId);
    expect(shown?.['tags']).toEqual([`errand:${errandId}`]);
  });

  it('is in no answer to a query that did not ask for it', async () => {
    const { body } = await postGraphql(app.url, '{ banks { name } }');
    expect(body).not.toHaveProperty('extensions');
  });

  it('is not given for another word: the request is refused, saying which is taken', async () => {
    const { response, body } = await postGraphql(app.url, '{ banks { name } }', { 'x-runam-cache': 'verbose' });
    expect(response.status).toBe(400);
    expect(body.errors).toMatchObject([
      { message: expect.stringContaining('"trace"'), extensions: { code: 'BAD_INPUT' } },
    ]);
  });

  it('carries a floor after every mutation, in the body and in a header, and after no query', async () => {
    const mutation = `mutation { updateErrand(id: "${errandId}", input: { title: "Other" }) { errand { id } } }`;
    const { response, body } = await postGraphql(app.url, mutation, authorization);
    expect(body.errors).toBeUndefined();
    expect(Object.keys(body.extensions?.cache ?? {})).toEqual(['floor']);
    expect(body.extensions?.cache?.floor).toMatch(/^f1\.[\w-]+$/);
    expect(response.headers.get('x-runam-cache-floor')).toBe(body.extensions?.cache?.floor);
    const query = await postGraphql(app.url, '{ banks { name } }', trace);
    expect(query.body.extensions?.cache).not.toHaveProperty('floor');
    expect(query.response.headers.has('x-runam-cache-floor')).toBe(false);
  });

  it('refuses a floor that no mutation answered, as BAD_INPUT', async () => {
    const { response, body } = await postGraphql(app.url, '{ banks { name } }', { 'x-runam-cache-floor': '12' });
    expect(response.status).toBe(400);
    expect(body.errors).toMatchObject([
      { message: expect.stringContaining('x-runam-cache-floor'), extensions: { code: 'BAD_INPUT' } },
    ]);
  });
});

describe('the ETag of a GET', () => {
  let app: TestApp;
  let customer: Person;
  let authorization: Readonly<Record<string, string>>;
  let errandId: string;
  let query: string;

  beforeAll(async () => {
    app = await startTestApp();
    await openMarket(app.app.db);
    customer = await join(app.client, 'CUSTOMER');
    authorization = await signedIn(app.url, customer.email);
    errandId = await post(customer, { area: 'Ikeja' });
    query = `{ errand(id: "${errandId}") { id title pickupAddress } }`;
  });
  afterAll(() => app.close());

  const get = (text: string, headers: Readonly<Record<string, string>> = {}) => getGraphql(app.url, text, headers);

  it('lets a client keep the answer for itself, if it asks each time', async () => {
    const answer = await get(query);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toMatch(/^"[\w-]+"$/);
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
    const vary = answer.headers.get('vary')?.split(', ');
    expect(vary).toEqual(expect.arrayContaining(['accept', 'authorization', 'x-runam-tenant']));
  });

  it('is the same for the same content, from a miss and from a hit, whatever the request was called', async () => {
    const fresh = `{ errand(id: "${errandId}") { title area } }`;
    const tags = [];
    for (const id of ['one', 'two']) tags.push((await get(fresh, { 'x-request-id': id })).headers.get('etag'));
    expect(tags[0]).toBe(tags[1]);
  });

  it('answers 304 without a body while the content is the same, and 200 with the new content once it changed', async () => {
    const etag = (await get(query)).headers.get('etag') ?? '';
    for (const named of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const same = await get(query, { 'if-none-match': named });
      expect([same.status, await same.text()], named).toEqual([304, '']);
      expect(same.headers.get('etag')).toBe(etag);
      expect(same.headers.get('cache-control')).toBe('private, no-cache');
      expect(same.headers.get('cache-status')).toContain('RunAm; hit');
    }
    await customer.client.get(UpdateErrandDocument, { id: errandId, input: { title: 'A title of now' } });
    const changed = await get(query, { 'if-none-match': etag });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(etag);
    expect(await changed.json()).toMatchObject({ data: { errand: { title: 'A title of now' } } });
  });

  it('is the same again when the old content is back', async () => {
    const before = (await get(query)).headers.get('etag') ?? '';
    const title = ((await (await get(query)).json()) as { data: { errand: { title: string } } }).data.errand.title;
    await customer.client.get(UpdateErrandDocument, { id: errandId, input: { title: 'In between' } });
    expect((await get(query, { 'if-none-match': before })).status).toBe(200);
    await customer.client.get(UpdateErrandDocument, { id: errandId, input: { title } });
    expect((await get(query, { 'if-none-match': before })).status).toBe(304);
  });

  it('of one viewer is no good for another who may see less', async () => {
    const title = 'Where';
    const id = await post(customer, { title, pickupAddress: '1 Secret Street' });
    const text = `{ errand(id: "${id}") { title pickupAddress } }`;
    const own = (await get(text, authorization)).headers.get('etag') ?? '';
    const other = await get(text, { 'if-none-match': own });
    expect(other.status).toBe(200);
    expect(await other.json()).toEqual({ data: { errand: { title, pickupAddress: null } } });
  });

  it('covers persisted queries', async () => {
    const text = `{ errand(id: "${errandId}") { id state } }`;
    const { createHash } = await import('node:crypto');
    const sha256Hash = createHash('sha256').update(text).digest('hex');
    const extensions = JSON.stringify({ persistedQuery: { version: 1, sha256Hash } });
    const address = new URL('/graphql', app.url);
    address.searchParams.set('extensions', extensions);
    const headers = { 'apollo-require-preflight': '1' };
    expect((await fetch(address, { headers })).headers.has('etag'), 'an unknown hash is an error').toBe(false);
    const full = new URL(address);
    full.searchParams.set('query', text);
    const etag = (await fetch(full, { headers })).headers.get('etag') ?? '';
    const again = await fetch(address, { headers: { ...headers, 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  it.each([
    ['an error', () => get('{ errand(id: "01900000-0000-7000-8000-000000000000") { id } }', { 'if-none-match': '*' })],
    ['a query that is not valid', () => get('{ nothing }', { 'if-none-match': '*' })],
    ['a trace', () => get(query, { ...trace, 'if-none-match': '*' })],
    ['a mutation', () => get('mutation { signOut { sessionsEnded } }', { 'if-none-match': '*' })],
    ['a POST', async () => (await postGraphql(app.url, query, { 'if-none-match': '*' })).response],
  ])('is not on %s, which is never answered 304', async (_what, ask) => {
    const answer = await ask();
    expect(answer.status).not.toBe(304);
    expect(answer.headers.has('etag')).toBe(false);
    expect(answer.headers.get('cache-control') ?? 'no-store').toBe('no-store');
  });
});

async function signedIn(url: string, email: string): Promise<Readonly<Record<string, string>>> {
  const mutation = `mutation { signIn(input: { email: "${email}", password: "a long password" }) { accessToken } }`;
  const { body } = await postGraphql(url, mutation);
  const session = body.data?.['signIn'] as { accessToken: string } | undefined;
  return { authorization: `Bearer ${session?.accessToken}` };
}
