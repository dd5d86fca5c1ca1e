import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { BanksDocument, ErrandsDocument, SignInDocument } from '../support/generated/graphql.js';
import { agree, join, post } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

const script = fileURLToPath(new URL('../../scripts/runam.mjs', import.meta.url));
const migrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
const password = 'a long password of an admin';

const grantRole: TypedDocumentNode<{ grantRole: { user: { roles: string[] } } }, { userId: string }> = parse(
  'mutation ($userId: ID!) { grantRole(userId: $userId, role: SUPPORT) { user { roles } } }',
);

let database: TestDatabase;
let db: Db;
let server: ServerProcess | undefined;

beforeAll(async () => {
  database = await createTestDatabase({ isEmpty: true });
  db = createDb({ url: database.url, logger: silentLogger });
});
afterAll(async () => {
  await server?.stop();
  await db.close();
  await database.drop();
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as people start it in production, with the settings of the server. */
function runam(words: string, typed?: string): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    NODE_ENV: 'production',
    JWT_SECRET: 'a secret for tests that is long enough',
    DATABASE_URL: database.url,
    LOG_LEVEL: 'warn',
  };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...words.split(' ')], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.end(typed);
  });
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';
const patience = { timeout: 30_000, interval: 50 };

async function feesOf(escrowId: string): Promise<{ version: number; commissionBps: number }> {
  const select = { feePlan: { select: { version: true, commissionBps: true } } };
  return (await db.read.escrow.findUniqueOrThrow({ where: { id: escrowId }, select })).feePlan;
}

it('an empty database becomes a market in production by commands alone, and a server that runs already sees each of them', async () => {
  const folders = (await readdir(migrationsDir)).filter((name) => /^\d/.test(name)).toSorted();
  const migrated = await runam('migrate --json');
  expect([migrated.code, JSON.parse(lastLine(migrated.stdout))]).toEqual([0, { ok: true, applied: folders }]);

  server = await startServerProcess({ DATABASE_URL: database.url, SEED_DEMO: 'false' });
  const { client } = server;
  for (const _ of [1, 2]) expect((await client.ask(ErrandsDocument, {})).errors[0]?.extensions.code).toBe('NOT_FOUND');

  const words = 'market open --slug lagos --name Lagos --currency NGN --admin Ops@Example.com --commission-bps 1000';
  const opened = await runam(words, `${password}\n`);
  expect([opened.code, opened.stderr, opened.stdout]).toEqual([
    0,
    '',
    expect.stringContaining('The market lagos is open; ops@example.com is its admin.'),
  ]);
  expect((await client.get(ErrandsDocument, {})).errands.edges).toEqual([]);
  expect((await client.get(BanksDocument, {})).banks).toEqual([]);
  const imported = await runam('banks import --json');
  const { banks } = JSON.parse(lastLine(imported.stdout)) as { banks: number };
  expect(banks).toBeGreaterThan(100);
  await expect.poll(async () => (await client.get(BanksDocument, {})).banks.length, patience).toBeGreaterThan(0);

  const { signIn } = await client.get(SignInDocument, { email: 'ops@example.com', password });
  const [customer, runner] = [await join(client, 'CUSTOMER'), await join(client, 'RUNNER')];
  const granted = await client.as(signIn.accessToken).get(grantRole, { userId: customer.id });
  expect(granted.grantRole.user.roles).toEqual(['CUSTOMER', 'SUPPORT']);
  const before = await agree(customer, runner, await post(customer));
  const changed = await runam('market fees --slug lagos --commission-bps 800 --json');
  expect([changed.code, JSON.parse(lastLine(changed.stdout))]).toMatchObject([
    0,
    { ok: true, isNew: true, fees: { version: 2, commissionBps: 800, vatBps: 750 } },
  ]);
  const after = await agree(customer, runner, await post(customer));
  expect([await feesOf(before), await feesOf(after)]).toEqual([
    { version: 1, commissionBps: 1000 },
    { version: 2, commissionBps: 800 },
  ]);
}, 180_000);
