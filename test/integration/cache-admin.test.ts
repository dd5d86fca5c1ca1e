import { parse } from 'graphql';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ExplainReport, HealthReport, KeysReport, StatsReport, WarmReport } from '../../src/admin/index.js';
import type { Logger } from '../../src/kernel/index.js';
import { ErrandsDocument, MyErrandsDocument, UpdateErrandDocument } from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { join, openMarket, post, type Person } from '../support/market.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { createRestClient, type RestClient } from '../support/rest-client.js';
import { joinAs, tokenOf } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const BanksDocument = parse('{ banks(country: "NG") { id } }') as TypedDocumentNode<object, object>;

interface Line {
  readonly level: 'info' | 'warn';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

const lines: Line[] = [];
const note =
  (level: Line['level']) =>
  (fields: object, message: string): void =>
    void lines.push({ level, fields: { ...fields }, message });
const logger: Logger = { debug() {}, info: note('info'), warn: note('warn'), error() {} };

let redis: RedisProcess;
let app: TestApp;
let twin: TestApp;
let lagos: string;
let abuja: string;
let platform: RestClient;
let local: RestClient;
let customer: Person;
let abroad: GraphqlClient;

beforeAll(async () => {
  redis = await startRedis();
  // A bounded hit asks nobody, so a clearing at another server would be late for it, within its bound.
  const banks = { CACHE_CONSISTENCY_BANKS_LIST: 'acked' };
  const env = { REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0', PLATFORM_TENANT: 'lagos', ...banks };
  app = await startTestApp({ env, logger });
  twin = await startTestApp({ env, database: app.database });
  [lagos, abuja] = [await openMarket(app.app.db, 'lagos'), await openMarket(app.app.db, 'abuja')];
  abroad = app.client.with({ 'x-runam-tenant': 'abuja' });
  const restOf = async (door: GraphqlClient, tenantId: string): Promise<RestClient> => {
    const { email } = await joinAs(app.app.db, door, tenantId, 'ADMIN');
    return createRestClient(app.url, { authorization: `Bearer ${await tokenOf(door, email)}` });
  };
  platform = await restOf(app.client, lagos);
  local = await restOf(abroad, abuja);
  customer = await join(app.client, 'CUSTOMER');
  await post(customer);
});
afterAll(async () => {
  await twin.close();
  await app.close();
  await redis.stop();
});
beforeEach(() => void (lines.length = 0));

/** Whether each of these was a hit: the list of Lagos, that of Abuja, the banks of all, somebody's own. */
async function hits(): Promise<Record<'lagos' | 'abuja' | 'banks' | 'own', boolean>> {
  const isHit = async (answer: Promise<{ readonly cacheStatus: string }>) =>
    (await answer).cacheStatus.includes('; hit');
  return {
    lagos: await isHit(twin.client.ask(ErrandsDocument, {})),
    abuja: await isHit(twin.client.with({ 'x-runam-tenant': 'abuja' }).ask(ErrandsDocument, {})),
    banks: await isHit(twin.client.ask(BanksDocument)),
    own: await isHit(customer.client.ask(MyErrandsDocument, {})),
  };
}

const abujaSlug = 'abuja';
const all = { lagos: true, abuja: true, banks: true, own: true };
const none = { lagos: false, abuja: false, banks: false, own: false };

async function fillUp(): Promise<void> {
  await hits();
  expect(await hits()).toEqual(all);
}

describe('clearing', { timeout: 60_000 }, () => {
  it('everything makes every entry invalid, on every server', async () => {
    await fillUp();
    expect((await platform.post('/api/cache/clear_all')).body).toEqual({ scope: 'everything', entries: null });
    expect(await hits()).toEqual(none);
  });

  it('everything by the admin of one market leaves the entries of the others and of all alone', async () => {
    await fillUp();
    expect((await local.post('/api/cache/clear_all')).body).toMatchObject({ scope: `market ${abuja}` });
    expect(await hits()).toEqual({ ...all, abuja: false });
  });

  it.each([
    { what: 'a type', input: { type: 'ERRAND_LIST' }, left: { ...all, lagos: false, abuja: false } },
    { what: 'a market by its slug', input: { tenant: 'abuja' }, left: { ...all, abuja: false } },
    { what: 'a type of one market', input: { tenant: abujaSlug, type: 'ERRAND_LIST' }, left: { ...all, abuja: false } },
    { what: 'another alias', input: { alias: 'reports' }, left: all },
    { what: 'the alias of them all', input: { alias: 'default' }, left: none },
    { what: 'tags', input: { tags: ['banks_list:NG'] }, left: { ...all, banks: false } },
  ])('$what clears that and nothing else', async ({ input, left }) => {
    await fillUp();
    expect((await platform.post('/api/cache/clear', input)).status).toBe(200);
    expect(await hits()).toEqual(left);
  });

  it('by a pattern says how many entries it removed', async () => {
    await fillUp();
    const { body } = await platform.post<{ entries: number }>('/api/cache/clear', { pattern: 'banks_list:*' });
    expect(body.entries).toBeGreaterThan(0);
    expect(await hits()).toEqual({ ...all, banks: false });
  });

  it('reaches no further than the admin of one market: another market, tags and what all share', async () => {
    await fillUp();
    for (const input of [
      { tenant: 'lagos' },
      { tenant: lagos },
      { tags: ['banks_list:NG'] },
      { tenant: 'lagos', pattern: '*' },
    ])
      expect((await local.post('/api/cache/clear', input)).status, JSON.stringify(input)).toBe(403);
    expect(await hits()).toEqual(all);
    await local.post('/api/cache/clear', { pattern: '*' });
    expect(await hits(), 'a pattern').toEqual({ ...all, abuja: false });
  });

  it.each([
    { input: {}, message: /names nothing to clear; takes alias, tenant, type, tags or pattern/ },
    { input: { type: 'ERRANDS' }, message: /"ERRANDS" is not a cached type; takes USER_DATA, / },
    { input: { alias: 'cheese' }, message: /alias: no such alias; takes default, session, reports, / },
    { input: { tenant: 'atlantis' }, message: /No market named "atlantis"/ },
    { input: { tags: [] }, message: /takes 1 to 100 tags/ },
    { input: { pattern: '*', type: 'ROLES' }, message: /goes with alias and tenant/ },
    { input: { tags: ['a'], type: 'ROLES' }, message: /tags: goes alone/ },
    { input: { alias: 'default', type: 'ROLES' }, message: /type: goes with tenant, not with alias/ },
    { input: { everything: true }, message: /everything/ },
  ])('refuses $input and says what it takes', async ({ input, message }) => {
    const { status, body } = await platform.post('/api/cache/clear', input);
    expect([400, 404]).toContain(status);
    expect(body.errors?.[0]?.message).toMatch(message);
  });
});

describe('what is shown', { timeout: 60_000 }, () => {
  it('stats count the reads of this server by type, with their hit ratio', async () => {
    await fillUp();
    const { body } = await platform.get<StatsReport>('/api/cache/stats');
    expect(body).toMatchObject({ reads: expect.any(Number), hitRatio: expect.any(Number), bumps: expect.any(Number) });
    const { default: main, session, ...others } = body.aliases;
    expect(main!.reads + session!.reads).toBe(body.reads);
    expect(Object.keys(others)).toEqual(['reports', 'transactions', 'query', 'template', 'api']);
    const ROLES = body.types['ROLES'];
    expect(ROLES?.hitRatio).toBeCloseTo((ROLES!.hits + ROLES!.joins) / ROLES!.reads);
  });

  it('health names each alias with its store and its round trip', async () => {
    const { status, body } = await platform.get<HealthReport>('/api/cache/health/');
    expect(status).toBe(200);
    expect(body).toMatchObject({ ok: true, aliases: { default: { ok: true, store: 'redis', state: 'ready' } } });
  });

  it('keys are those of the market of an admin, with time left and size, and no more than asked for', async () => {
    await fillUp();
    const mine = (await local.get<KeysReport>('/api/cache/keys/')).body;
    expect(mine.keys.length).toBeGreaterThan(0);
    expect(mine.keys.every(({ key, ttlMs, bytes }) => !key.includes(lagos) && ttlMs > 0 && bytes > 0)).toBe(true);
    const everyones = (await platform.get<KeysReport>('/api/cache/keys/?pattern=*errand*&limit=1')).body;
    expect(everyones).toMatchObject({ keys: [{ alias: 'default' }], isTruncated: true });
    expect((await local.get(`/api/cache/keys/?tenant=${lagos}`)).status).toBe(403);
    expect((await platform.get('/api/cache/keys/?limit=0')).status).toBe(400);
    expect((await platform.get('/api/cache/keys/?limit=many')).status).toBe(400);
  });
});

describe('warming', { timeout: 60_000 }, () => {
  it('loads what visitors ask first, so that their first read is a hit', async () => {
    await platform.post('/api/cache/clear_all');
    const { body } = await platform.post<WarmReport>('/api/cache/warm/');
    expect(body).toMatchObject({ total: 10, loaded: 10, warm: 0, bypassed: 0, failed: 0, errors: [] });
    expect(await hits()).toEqual({ ...all, own: false });
    expect((await platform.post<WarmReport>('/api/cache/warm')).body).toMatchObject({ loaded: 0, warm: 10 });
  });

  it('by the admin of one market warms that market', async () => {
    await platform.post('/api/cache/clear_all');
    const { body } = await local.post<WarmReport>('/api/cache/warm/', { types: ['ERRAND_LIST'] });
    expect(body).toMatchObject({ total: 2, loaded: 2 });
    expect(await hits()).toEqual({ ...none, abuja: true });
    expect((await local.post('/api/cache/warm/', { types: ['ROLES'] })).body.errors?.[0]?.message).toBe(
      'types: ROLES cannot be warmed; takes TENANT, ERRAND_LIST, BANKS_LIST',
    );
  });
});

describe('explaining', { timeout: 60_000 }, () => {
  const query = '{ errands { edges { node { title } } } }';
  const explained = async (rest: RestClient, input: object) =>
    (await rest.post<ExplainReport>('/api/cache/explain/', input)).body.fields[0]!;

  it('says hit exactly when the next read is one, and cold or cleared when it is not', async () => {
    await platform.post('/api/cache/clear_all');
    const cold = await explained(platform, { query });
    expect(cold.explanation).toMatchObject({ wouldHit: false, type: 'ERRAND_LIST', tier: 'acked' });
    expect((await app.client.ask(ErrandsDocument, {})).cacheStatus).toContain('fwd=miss');
    expect((await explained(platform, { query })).explanation).toMatchObject({
      wouldHit: true,
      why: 'a read now is a hit',
    });
    expect((await app.client.ask(ErrandsDocument, {})).cacheStatus).toContain('; hit');
    await platform.post('/api/cache/clear_all');
    expect((await explained(platform, { query })).explanation).toMatchObject({ wouldHit: false, reason: 'generation' });
  });

  it('names the tag that moved and the write that moved it', async () => {
    const errandId = await post(customer);
    const [own, variables] = [
      'query ($first: Int) { mine: myErrands(first: $first) { edges { cursor } } }',
      { first: 3 },
    ];
    const asked = parse(own) as TypedDocumentNode<object, object>;
    await customer.client.get(asked, variables);
    const asCustomer = { query: own, variables, asUser: customer.id };
    expect((await explained(platform, asCustomer)).explanation?.wouldHit).toBe(true);
    await customer.client.get(UpdateErrandDocument, { id: errandId, input: { title: 'Another title' } });
    const { path, field, explanation } = await explained(platform, asCustomer);
    expect({ path, field }).toEqual({ path: 'mine', field: 'myErrands' });
    expect(explanation).toMatchObject({ wouldHit: false, reason: 'stale-tag' });
    const moved = explanation!.tags.filter(({ hasMoved }) => hasMoved);
    expect(moved.map(({ tag }) => tag)).toEqual([`user_errands:${customer.id}`]);
    expect(moved[0]).toMatchObject({ movedAtMs: expect.any(Number), movedBy: expect.stringMatching(/^\d+:/) });
    expect(explanation!.why).toContain(`user_errands:${customer.id} moved at 20`);
    expect(explanation!.why).toContain(`by write ${moved[0]!.movedBy}`);
  });

  it('loads, stores and counts nothing, and runs no field that is never cached', async () => {
    await platform.post('/api/cache/clear_all');
    const before = await platform.get<StatsReport>('/api/cache/stats');
    const { body } = await platform.post<ExplainReport>('/api/cache/explain/', {
      query:
        '{ ledgerHealth { ok } a: banks { id } b: banks(country: "GH") { id } ...me } fragment me on Query { me { id } }',
    });
    expect(body.fields.map(({ path, field, explanation }) => [path, field, explanation?.reason])).toEqual([
      ['ledgerHealth', 'ledgerHealth', undefined],
      ['a', 'banks', 'generation'],
      ['b', 'banks', 'generation'],
      ['me', 'me', 'cold'],
    ]);
    const after = await platform.get<StatsReport>('/api/cache/stats');
    expect(after.body.types['BANKS_LIST']).toEqual(before.body.types['BANKS_LIST']);
    expect((await app.client.ask(BanksDocument)).cacheStatus).toContain('fwd=miss');
  });

  it('shows no value, and nobody out of reach', async () => {
    await post(customer, { title: 'A title nobody else has' });
    await app.client.ask(ErrandsDocument, {});
    const answer = await platform.post('/api/cache/explain/', { query });
    expect(JSON.stringify(answer.body)).not.toContain('A title nobody else has');
    expect((await local.post('/api/cache/explain/', { query, asUser: customer.id })).status).toBe(404);
    expect((await local.post('/api/cache/explain/', { query, tenant: 'lagos' })).status).toBe(403);
  });

  it('says of a field that the viewer may not ask what they would be told', async () => {
    const { error, explanation } = await explained(platform, {
      query: '{ myErrands { edges { cursor } } }',
      tenant: 'abuja',
    });
    expect(explanation).toBeUndefined();
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it.each([
    { input: { query: 'mutation { signOut { ok } }' }, message: /query/ },
    { input: { query: '{' }, message: /Syntax Error/ },
    { input: { query: '{ cheese }' }, message: /Cannot query field/ },
    { input: { query: 'query ($id: ID!) { errand(id: $id) { id } }' }, message: /\$id/ },
    { input: { query: '{ banks { id } }', asUser: 'me' }, message: /asUser: takes the id of a user/ },
    { input: {}, message: /query/ },
  ])('refuses $input in one sentence', async ({ input, message }) => {
    const { status, body } = await platform.post('/api/cache/explain/', input);
    expect(status).toBe(400);
    expect(body.errors?.[0]?.message).toMatch(message);
  });
});

describe('the log', { timeout: 60_000 }, () => {
  it('has one line for each operation with who, what and how far, also for those that were refused', async () => {
    await local.post('/api/cache/clear_all');
    await local.post('/api/cache/clear', { tenant: 'lagos' });
    const audit = lines.filter(({ message }) => message.includes('by hand'));
    expect(audit.map(({ level, message }) => [level, message])).toEqual([
      ['info', 'cache clear all, by hand'],
      ['warn', 'cache clear, by hand: not done'],
    ]);
    expect(audit.map(({ fields }) => fields)).toMatchObject([
      { by: expect.stringMatching(/^[0-9a-f-]{36}$/), reach: abuja },
      { reach: abuja, tenant: 'lagos' },
    ]);
  });
});
