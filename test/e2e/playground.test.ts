import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playgroundExamples } from '../../src/graphql/index.js';
import { uuidv7 } from '../../src/kernel/index.js';
import { enterPlayground, openPage, startBrowser } from '../support/browser.js';
import { SignUpDocument } from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { openMarket, post } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const demoPassword = 'runam-demo';
const testMsMax = 60_000;

let app: TestApp;
const demo = new Map<string, GraphqlClient>();

beforeAll(async () => {
  app = await startTestApp({ env: { PLAYGROUND: 'true', INTROSPECTION: 'true', SEED_DEMO: 'true' } });
  const tenantId = await openMarket(app.app.db);
  for (const email of new Set(playgroundExamples.flatMap(({ as }) => (as ? [as] : [])))) {
    const input = { email, password: demoPassword, displayName: email.split('@')[0]! };
    const { signUp } = await app.client.get(SignUpDocument, { input });
    demo.set(email, app.client.as(signUp.accessToken));
    if (!email.startsWith('admin')) continue;
    const grant = { id: uuidv7(), tenantId, userId: signUp.user.id, role: 'ADMIN', createdAt: new Date() } as const;
    await app.app.db.write((tx) => tx.roleGrant.create({ data: grant }));
  }
  const ada = demo.get('ada@runam.test')!;
  await post({ id: '', email: '', client: ada }, { title: 'Water the plants on the roof' });
});
afterAll(() => app.close());

describe('an example of the playground', () => {
  const named = playgroundExamples.map((example) => ({ ...example, name: /(\w+) ?[{(]/.exec(example.query)?.[1] }));

  it.each(named)('runs as it stands: $name', async ({ query, as }) => {
    const client = as ? demo.get(as)! : app.client;
    const { status, data, errors } = await client.ask(parse(query) as TypedDocumentNode<object, object>, {});
    expect(errors).toEqual([]);
    expect(status).toBe(200);
    expect(Object.values(data ?? {})).not.toContain(null);
  });
});

describe('the playground in a browser', { timeout: testMsMax }, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await startBrowser()), testMsMax);
  afterAll(() => browser.close());

  it('runs its examples, signed in where they need it, and asks no other server for anything', async () => {
    const { page, faults, requests } = await openPage(browser, `${app.url}/graphql`);
    const playground = await enterPlayground(page);
    expect(await playground.tabs.count()).toBe(playgroundExamples.length);
    await playground.choose(0);
    await playground.run('Water the plants on the roof');
    await playground.choose(playgroundExamples.findIndex(({ as }) => as === 'ada@runam.test'));
    await playground.run('ada@runam.test');
    expect(faults).toEqual([]);
    const elsewhere = requests.filter((address) => !/^(data|blob):/.test(address) && !address.startsWith(app.url));
    expect(elsewhere).toEqual([]);
    await page.close();
  });

  it('explains the schema, which it reads from this server', async () => {
    const { page, faults } = await openPage(browser, `${app.url}/graphql`);
    await page.getByRole('button', { name: /documentation explorer/i }).click();
    await page.locator('.graphiql-doc-explorer').getByText('Mutation', { exact: true }).first().waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });
});

describe('the playground page', () => {
  it('is revalidated, not sent again, while it stays the same', async () => {
    const headers = { accept: 'text/html' };
    const first = await fetch(`${app.url}/graphql`, { headers });
    expect(first.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(await first.text()).toContain('<title>');
    const etag = first.headers.get('etag') ?? '';
    const again = await fetch(`${app.url}/graphql`, { headers: { ...headers, 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  it('is not served where it is switched off', async () => {
    const plain = await startTestApp({ env: { PLAYGROUND: 'false' }, database: app.database });
    try {
      const response = await fetch(`${plain.url}/graphql`, { headers: { accept: 'text/html' } });
      expect(response.headers.get('content-type')).not.toContain('text/html');
    } finally {
      await plain.close();
    }
  });

  it('does not give the demo password away where there is no demo', async () => {
    const env = { PLAYGROUND: 'true', SEED_DEMO: 'false' };
    const plain = await startTestApp({ env, database: app.database });
    try {
      const page = await (await fetch(`${plain.url}/graphql`, { headers: { accept: 'text/html' } })).text();
      expect(page).toContain('<title>');
      expect(page).not.toContain(demoPassword);
    } finally {
      await plain.close();
    }
  });
});
