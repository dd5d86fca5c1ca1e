import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'graphql';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { playgroundExamples } from '../../src/graphql/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { seedDemoData } from '../../src/seed/index.js';
import { enterPlayground, openPage, startBrowser } from '../support/browser.js';
import { SignInDocument } from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { post } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const demoPassword = 'runam-demo';
const testMsMax = 60_000;

let app: TestApp;
let folder: string;
const demo = new Map<string, GraphqlClient>();
const tokens = new Map<string, string>();
const examples = playgroundExamples(demoPassword);

beforeAll(async () => {
  app = await startTestApp({ env: { PLAYGROUND: 'true', INTROSPECTION: 'true', SEED_DEMO: 'true' } });
  const payoutKeys = [{ id: 'test', key: Buffer.alloc(32, 1) }];
  folder = await mkdtemp(join(tmpdir(), 'runam-playground-'));
  const sandboxBookFile = join(folder, 'book.jsonl');
  await seedDemoData({ db: app.app.db, logger: silentLogger, payoutKeys, sandboxBookFile });
  for (const email of new Set(examples.flatMap(({ as }) => (as ? [as] : [])))) {
    const { signIn } = await app.client.get(SignInDocument, { email, password: demoPassword });
    demo.set(email, app.client.as(signIn.accessToken));
    tokens.set(email, signIn.accessToken);
  }
}, 240_000);
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

const named = examples.map((example) => ({
  ...example,
  name: /^(?:query|mutation|subscription) (\w+)/m.exec(example.query)?.[1],
}));
const isSubscription = ({ query }: { readonly query: string }) => /^subscription/m.test(query);
const asked = named.filter((example) => !isSubscription(example));

describe('an example of the playground', () => {
  it('has a name of its own, and there is one for each role', () => {
    expect(new Set(named.map(({ name }) => name)).size).toBe(named.length);
    expect([...demo.keys()].map((email) => email.split('@')[0]).toSorted()).toEqual([
      'ada',
      'admin',
      'arbiter',
      'bola',
      'finance',
      'support',
    ]);
  });

  it.each(asked)('runs as it stands, and again: $name', async ({ query, as }) => {
    const client = as ? demo.get(as)! : app.client;
    for (const _ of ['once', 'twice']) {
      const { status, data, errors } = await client.ask(parse(query) as TypedDocumentNode<object, object>, {});
      expect(errors).toEqual([]);
      expect(status).toBe(200);
      expect(Object.values(data ?? {})).not.toContain(null);
      expect(JSON.stringify(data)).not.toContain('"edges":[]');
    }
  });

  it.each(named.filter(isSubscription))('begins a stream of events: $name', async ({ query, as }) => {
    const headers = as ? { authorization: `Bearer ${tokens.get(as)}` } : {};
    const body = JSON.stringify({ query });
    const asking = {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    };
    const response = await fetch(`${app.url}/graphql/stream`, asking);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await response.body?.cancel();
  });
});

describe('the playground in a browser', { timeout: testMsMax }, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await startBrowser()), testMsMax);
  afterAll(() => browser.close());

  it('runs its examples, signed in where they need it, and asks no other server for anything', async () => {
    const { page, faults, requests } = await openPage(browser, `${app.url}/graphql`);
    const playground = await enterPlayground(page);
    expect(await playground.tabs.count()).toBe(examples.length);
    await playground.choose(0);
    await playground.run('"errands"');
    await playground.choose(named.findIndex(({ name }) => name === 'Mine'));
    await playground.run('ada@runam.test');
    expect(faults).toEqual([]);
    const elsewhere = requests.filter((address) => !/^(data|blob):/.test(address) && !address.startsWith(app.url));
    expect(elsewhere).toEqual([]);
    await page.close();
  });

  it('shows what a subscription tells, as it happens', async () => {
    const { page, faults } = await openPage(browser, `${app.url}/graphql`);
    const playground = await enterPlayground(page);
    await playground.choose(named.findIndex(({ name }) => name === 'NewErrands'));
    // Until GraphiQL has read the operations of the tab, it sends the last tab's name.
    await vi.waitFor(
      async () => {
        const streaming = page.waitForRequest((request) => request.url().includes('/graphql/stream'), {
          timeout: 4000,
        });
        await page.getByRole('button', { name: /execute query/i }).click();
        await streaming;
      },
      { timeout: 30_000 },
    );
    await post({ id: '', email: '', client: demo.get('ada@runam.test')! }, { title: 'Water the plants on the roof' });
    await page.locator('.result-window').getByText('Water the plants on the roof').waitFor();
    expect(faults).toEqual([]);
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
