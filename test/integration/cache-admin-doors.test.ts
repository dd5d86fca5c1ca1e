import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../src/kernel/index.js';
import {
  CacheExplainDocument,
  CacheHealthDocument,
  CacheStatsDocument,
  ClearCacheDocument,
  WarmCacheDocument,
} from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { openMarket } from '../support/market.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { createRestClient, type RestClient } from '../support/rest-client.js';
import { joinAs, tokenOf } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface Caller {
  readonly name: string;
  readonly rest: RestClient;
  readonly graphql: GraphqlClient;
  /** What every door answers. */
  readonly code: string;
}

let redis: RedisProcess;
let app: TestApp;
let callers: readonly Caller[];

beforeAll(async () => {
  redis = await startRedis();
  app = await startTestApp({ env: { REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0', PLATFORM_TENANT: 'lagos' } });
  const [lagos, abuja] = [await openMarket(app.app.db, 'lagos'), await openMarket(app.app.db, 'abuja')];
  const caller = async (role: Role, tenantId: string, slug: string, code: string): Promise<Caller> => {
    const door = app.client.with({ 'x-runam-tenant': slug });
    const person = await joinAs(app.app.db, door, tenantId, role);
    const token = await tokenOf(door, person.email);
    const rest = createRestClient(app.url, { authorization: `Bearer ${token}` });
    return { name: `${role} of ${slug}`, rest, graphql: app.client.as(token), code };
  };
  const others = ['CUSTOMER', 'RUNNER', 'SUPPORT', 'ARBITER', 'FINANCE'] as const;
  callers = [
    { name: 'anonymous', rest: createRestClient(app.url), graphql: app.client, code: 'UNAUTHENTICATED' },
    ...(await Promise.all(others.map((role) => caller(role, lagos, 'lagos', 'FORBIDDEN')))),
    await caller('ADMIN', lagos, 'lagos', 'OK'),
    await caller('ADMIN', abuja, 'abuja', 'OK'),
  ];
});
afterAll(async () => {
  await app.close();
  await redis.stop();
});

const statuses: Readonly<Record<string, number>> = { OK: 200, UNAUTHENTICATED: 401, FORBIDDEN: 403 };

const restDoors: readonly { readonly path: string; readonly body?: unknown; readonly method: 'get' | 'post' }[] = [
  { method: 'get', path: '/api/cache/stats/' },
  { method: 'get', path: '/api/cache/health/' },
  { method: 'get', path: '/api/cache/keys/?pattern=*&limit=5' },
  { method: 'get', path: '/api/cache/advise/' },
  { method: 'post', path: '/api/cache/clear/', body: { type: 'ERRAND_LIST' } },
  { method: 'post', path: '/api/cache/clear_all/' },
  { method: 'post', path: '/api/cache/clear_reports/' },
  { method: 'post', path: '/api/cache/clear_transactions/' },
  { method: 'post', path: '/api/cache/warm/', body: { types: ['BANKS_LIST'] } },
  { method: 'post', path: '/api/cache/explain/', body: { query: '{ banks { id } }' } },
];

describe('the doors of the cache administration', { timeout: 60_000 }, () => {
  it.each(restDoors)(
    '$method $path opens to admins only, with and without a slash at its end',
    async ({ method, path, body }) => {
      for (const { name, rest, code } of callers) {
        for (const way of [path, path.replace(/\/(?=$|\?)/, '')]) {
          const answer = await (method === 'get' ? rest.get(way) : rest.post(way, body));
          expect(answer.status, `${name} at ${way}: ${JSON.stringify(answer.body)}`).toBe(statuses[code]);
          expect(answer.headers.get('cache-control')).toBe('no-store');
          if (code === 'OK') continue;
          expect(
            answer.body.errors?.map(({ extensions }) => extensions.code),
            name,
          ).toEqual([code]);
          expect(answer.body.errors?.[0]?.message, name).toMatch(/Sign in first|needs the role ADMIN/);
        }
      }
    },
  );

  it('of GraphQL open to admins only', async () => {
    for (const { name, graphql, code } of callers) {
      const answers = [
        await graphql.ask(CacheStatsDocument, {}),
        await graphql.ask(CacheHealthDocument, {}),
        await graphql.ask(CacheExplainDocument, { query: '{ banks { id } }' }),
        await graphql.ask(ClearCacheDocument, { input: { type: 'BANKS_LIST' } }),
        await graphql.ask(ClearCacheDocument, { input: { all: true } }),
        await graphql.ask(WarmCacheDocument, { input: { types: ['BANKS_LIST'] } }),
      ];
      const codes = answers.map(({ errors }) => errors[0]?.extensions.code ?? 'OK');
      expect(codes, name).toEqual(Array(answers.length).fill(code));
    }
  });

  it('do not open to a token in a cookie, in the address or in a form', async () => {
    const token = await tokenOf(app.client, (await joinAs(app.app.db, app.client, await lagosId(), 'ADMIN')).email);
    const url = `${app.url}/api/cache/clear_all/`;
    const attempts = await Promise.all([
      fetch(url, { method: 'POST', headers: { cookie: `authorization=Bearer ${token}; accessToken=${token}` } }),
      fetch(`${url}?access_token=${token}&token=${token}`, { method: 'POST' }),
      fetch(url, { method: 'POST', body: new URLSearchParams({ access_token: token }) }),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual([401, 401, 415]);
  });

  async function lagosId(): Promise<string> {
    return (await app.app.db.read.tenant.findUniqueOrThrow({ where: { slug: 'lagos' } })).id;
  }
});
