import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCacheSet } from '../../src/cache/index.js';
import { postGraphql, type GraphqlBody } from '../support/http.js';
import { join, openMarket } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** One letter that is written as eighteen when it is taken apart, each of which takes six characters in a tag. */
const long = '\uFDFA'.repeat(20_000);
const charactersMax = 1000;

let app: TestApp;
let authorization: string;
/** Characters of each key and tag that the cache was asked for. */
const asked: number[] = [];

beforeAll(async () => {
  app = await startTestApp({
    cachesWith(options) {
      const set = createCacheSet(options);
      const read: typeof set.read = (request) => {
        asked.push(...[request.key, ...request.tags].map((name) => name.length));
        return set.read(request);
      };
      return { ...set, read };
    },
  });
  await openMarket(app.app.db);
  const { email } = await join(app.client, 'CUSTOMER');
  const signIn = `mutation { signIn(input: { email: "${email}", password: "a long password" }) { accessToken } }`;
  const { body } = await postGraphql(app.url, signIn);
  const session = body.data?.['signIn'] as { accessToken: string } | undefined;
  authorization = `Bearer ${session?.accessToken}`;
});
afterAll(() => app.close());

it.each([
  ['errand', `{ errand(id: "${long}") { id } }`],
  ['user', `{ user(id: "${long}") { id } }`],
  ['escrow', `{ escrow(id: "${long}") { id } }`],
  ['offers', `{ offers(errandId: "${long}") { id } }`],
  ['banks', `{ banks(country: "${long}") { id } }`],
  ['errands', `{ errands(filter: { area: "${long}", states: [OPEN, ASSIGNED] }) { edges { cursor } } }`],
])('a long argument of %s is refused, and neither a key nor a tag is as long', async (field, query) => {
  asked.length = 0;
  const { body } = await postGraphql(app.url, query, { authorization });
  expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' }, path: [field] }]);
  expect(body.errors?.[0]?.message.length).toBeLessThan(charactersMax);
  expect(Math.max(...asked)).toBeLessThan(charactersMax);
});

it('an argument that is deeper than the stack is refused as input, and is no defect of ours', async () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  const query = 'query ($deep: JSONObject) { cacheExplain(query: "", variables: $deep) { path } }';
  const response = await fetch(new URL('/graphql', app.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"query":${JSON.stringify(query)},"variables":{"deep":{"a":${deep}}}}`,
  });
  const { errors } = (await response.json()) as GraphqlBody;
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
  expect(errors?.[0]?.message.length).toBeLessThan(charactersMax);
});
