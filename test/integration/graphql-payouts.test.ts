import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prisma } from '../../src/db/index.js';
import { uuidv7, type Clock } from '../../src/kernel/index.js';
import { ledgerHealth } from '../../src/modules/ledger/index.js';
import { TopUpWalletDocument } from '../support/generated/graphql.js';
import { createClient, type GraphqlClient } from '../support/graphql-client.js';
import { join, openMarket, type Person } from '../support/market.js';
import { addBank } from '../support/payouts.js';
import { joinAs } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

type Json = Readonly<Record<string, unknown>>;

const systemClock: Clock = { now: () => new Date() };
const password = 'a long password';
const number = '1234509876';

let app: TestApp;
let tenantId: string;
let bankId: string;
let runner: Person;
let finance: Person;

beforeAll(async () => {
  const env = { PAYOUT_APPROVAL_ABOVE: 'NGN=50000', PAYOUT_MAX: 'NGN=90000' };
  app = await startTestApp({ env });
  tenantId = await openMarket(app.app.db);
  bankId = await addBank(app.app.db, systemClock);
  runner = await join(app.client, 'RUNNER', 'Bola Adeyemi');
  finance = await joinAs(app.app.db, app.client, tenantId, 'FINANCE');
  const input = { amount: { minor: 500_000, currency: 'NGN' as const } };
  await runner.client.get(TopUpWalletDocument, { input });
});
afterAll(() => app.close());

async function ask(client: GraphqlClient, text: string, variables: object = {}) {
  const { data, errors } = await client.ask(parse(text) as TypedDocumentNode<Json, object>, variables);
  return { data, codes: errors.map(({ extensions }) => extensions.code) };
}

const shown = 'id last4 accountName nameMatchScore status version currency coolOffUntil bank { name }';
const add = `mutation ($input: AddPayoutAccountInput!, $key: String) { addPayoutAccount(input: $input, idempotencyKey: $key) { isReplay account { ${shown} } } }`;
const parts =
  'id state version reference reason amount { minor } fee { minor } account { id last4 } user { id } events { seq transition to actorRole } handling { provider attempt lastError }';
const request = `mutation ($input: RequestPayoutInput!, $key: String) { requestPayout(input: $input, idempotencyKey: $key) { isReplay payout { ${parts} } } }`;
const one = `query ($id: ID!) { payout(id: $id) { ${parts} } }`;

interface Account {
  readonly id: string;
  readonly version: number;
}
interface Payout {
  readonly id: string;
  readonly state: string;
  readonly version: number;
  readonly reason: string | null;
}

async function addAccount(person: Person, accountNumber = number, key?: string) {
  const { data, codes } = await ask(person.client, add, { input: { bankId, accountNumber }, key });
  return { payload: data?.['addPayoutAccount'] as { isReplay: boolean; account: Account } | undefined, codes };
}

const inputOf = (payoutAccountId: string, minor: number, secret = password) => ({
  input: { payoutAccountId, amount: { minor, currency: 'NGN' }, password: secret },
});

/** What one round makes of the payout. */
async function afterRound(person: Person, id: string): Promise<Payout> {
  await app.app.doRounds();
  const { data } = await ask(person.client, one, { id });
  return data!['payout'] as Payout;
}

describe('payouts over GraphQL', () => {
  let accountId: string;

  it('go to an account whose number nobody reads again, and from the wallet to the bank by themselves', async () => {
    const key = uuidv7();
    const { payload } = await addAccount(runner, '123 450-9876', key);
    expect(payload).toMatchObject({
      isReplay: false,
      account: { last4: '9876', status: 'ACTIVE', bank: { name: 'First Bank' } },
    });
    accountId = payload!.account.id;
    expect((await addAccount(runner, number, key)).payload).toEqual({ ...payload, isReplay: true });
    expect((await addAccount(runner, '1234509877', key)).codes).toEqual(['IDEMPOTENCY_CONFLICT']);
    expect((await addAccount(runner)).codes).toEqual(['BAD_INPUT']);
    const asked = await ask(runner.client, request, inputOf(accountId, 40_000));
    const { payout } = asked.data!['requestPayout'] as { payout: Payout };
    expect(payout.state).toBe('QUEUED');
    expect(await afterRound(runner, payout.id)).toMatchObject({ state: 'PAID', handling: null, reason: null });
    const { data } = await ask(finance.client, one, { id: payout.id });
    expect(data).toMatchObject({ payout: { handling: { provider: 'sandbox', attempt: 1 }, user: { id: runner.id } } });
    const tables = await everythingAtRest();
    expect(tables).not.toContain(number);
    expect(tables).not.toContain(Buffer.from(number).toString('hex'));
  });

  /** All rows of all tables that the two calls have written to, as text. */
  async function everythingAtRest(): Promise<string> {
    const { db } = app.app;
    const rows = await Promise.all(
      ['payout_account', 'payout', 'payout_event', 'idempotency_record', 'outbox', 'journal', 'row_change'].map(
        (table) => db.read.$queryRaw<{ text: string }[]>(Prisma.raw(`SELECT t::text AS text FROM ${table} t`)),
      ),
    );
    return rows
      .flat()
      .map(({ text }) => text)
      .join('\n');
  }

  it('take the password, of which the record of a key keeps nothing, not even a hash', async () => {
    expect((await ask(runner.client, request, inputOf(accountId, 1_000, 'guessed'))).codes).toEqual([
      'INVALID_CREDENTIALS',
    ]);
    const key = uuidv7();
    const first = await ask(runner.client, request, { ...inputOf(accountId, 1_000), key });
    const again = await ask(runner.client, request, { ...inputOf(accountId, 1_000), key });
    const [made, replayed] = [first, again].map(
      ({ data }) => data!['requestPayout'] as { isReplay: boolean; payout: Payout },
    );
    expect([made!.isReplay, replayed!.isReplay]).toEqual([false, true]);
    expect(replayed!.payout.id).toBe(made!.payout.id);
    expect((await ask(runner.client, request, { ...inputOf(accountId, 1_001), key })).codes).toEqual([
      'IDEMPOTENCY_CONFLICT',
    ]);
    const guessed = await ask(runner.client, request, { ...inputOf(accountId, 1_000, 'guessed'), key });
    expect(guessed.codes).toEqual(['INVALID_CREDENTIALS']);
    const kept = await app.app.db.read.idempotencyRecord.findFirstOrThrow({ where: { key } });
    expect(JSON.stringify(kept.answer)).not.toContain(password);
  });

  it('are asked for by many at once without waiting for each other, on a server with two connections', async () => {
    const env = { DATABASE_POOL_MAX: '2', PAYOUT_APPROVAL_ABOVE: 'NGN=50000' };
    const small = await startTestApp({ env, database: app.database });
    const { client } = await join(createClient(small.url), 'RUNNER', 'Efe Obi');
    await client.get(TopUpWalletDocument, { input: { amount: { minor: 100_000, currency: 'NGN' as const } } });
    const { data } = await ask(client, add, { input: { bankId, accountNumber: '1234509870' } });
    const { account } = data!['addPayoutAccount'] as { account: Account };
    const calls = Array.from({ length: 6 }, () => ask(client, request, { ...inputOf(account.id, 100), key: uuidv7() }));
    expect((await Promise.all(calls)).flatMap(({ codes }) => codes)).toEqual([]);
    await small.close();
  });

  it('above a limit wait for FINANCE, who lets them go by the version they looked at, or gives them back', async () => {
    const ask60 = async () => {
      const { data } = await ask(runner.client, request, inputOf(accountId, 60_000));
      return (data!['requestPayout'] as { payout: Payout }).payout;
    };
    const [good, bad] = [await ask60(), await ask60()];
    expect([good.state, bad.state]).toEqual(['REQUESTED', 'REQUESTED']);
    const approve = (client: GraphqlClient, id: string, version: number) =>
      ask(
        client,
        'mutation ($id: ID!, $version: Int) { approvePayout(id: $id, expectedVersion: $version) { payout { state } } }',
        { id, version },
      );
    expect((await approve(runner.client, good.id, good.version)).codes).toEqual(['FORBIDDEN']);
    for (const wrong of [good.version - 1, good.version + 1])
      expect((await approve(finance.client, good.id, wrong)).codes).toEqual(['VERSION_CONFLICT']);
    expect((await approve(finance.client, good.id, good.version)).codes).toEqual([]);
    expect((await afterRound(runner, good.id)).state).toBe('PAID');
    const reject =
      'mutation ($id: ID!, $version: Int) { rejectPayout(id: $id, reason: "Call us first.", expectedVersion: $version) { payout { state reason } } }';
    expect((await ask(finance.client, reject, { id: bad.id, version: bad.version + 1 })).codes).toEqual([
      'VERSION_CONFLICT',
    ]);
    const { data } = await ask(finance.client, reject, { id: bad.id, version: bad.version });
    expect(data).toEqual({ rejectPayout: { payout: { state: 'REJECTED', reason: 'Call us first.' } } });
    expect((await approve(finance.client, bad.id, bad.version + 1)).codes).toEqual(['ILLEGAL_TRANSITION']);
    expect((await ask(runner.client, request, inputOf(accountId, 90_001))).codes).toEqual(['LIMIT_EXCEEDED']);
    expect(await ledgerHealth(app.app.db.read, tenantId)).toMatchObject({ ok: true });
  });

  it('take no money that came in lately, which the wallet names with its time and which can be spent all the same', async () => {
    const env = { PAYOUT_CLEARING: '86400', PAYOUT_APPROVAL_ABOVE: 'NGN=50000' };
    const careful = await startTestApp({ env, database: app.database });
    const { client } = await join(createClient(careful.url), 'RUNNER', 'Dayo Alabi');
    const before = Date.now();
    await client.get(TopUpWalletDocument, { input: { amount: { minor: 100_000, currency: 'NGN' as const } } });
    const wallet = await ask(
      client,
      '{ myWallet { balance { minor } payable { minor } holds { amount { minor } until } } }',
    );
    const { myWallet } = wallet.data as { myWallet: { holds: { until: string }[] } };
    const held = { amount: { minor: 100_000 }, until: expect.any(String) };
    expect(myWallet).toEqual({ balance: { minor: 100_000 }, payable: { minor: 0 }, holds: [held] });
    expect(Date.parse(myWallet.holds[0]!.until)).toBeGreaterThanOrEqual(before + 86_400_000);
    const { data } = await ask(client, add, { input: { bankId, accountNumber: '1234509871' } });
    const { account } = data!['addPayoutAccount'] as { account: Account };
    expect((await ask(client, request, inputOf(account.id, 100))).codes).toEqual(['LIMIT_EXCEEDED']);
    expect((await ask(client, request, inputOf(account.id, 100_001))).codes).toEqual(['INSUFFICIENT_FUNDS']);
    const doubted =
      '{ payouts(doubted: true) { edges { node { handling { doubtedAt told { minor } settlementProposedBy { id } } } } } }';
    expect(await ask(finance.client, doubted)).toMatchObject({ codes: [], data: { payouts: { edges: [] } } });
    await careful.close();
  });

  it('and accounts are shown to their owner, payouts to FINANCE and ADMIN too, and to nobody else', async () => {
    const [admin, support, rival] = await Promise.all([
      joinAs(app.app.db, app.client, tenantId, 'ADMIN'),
      joinAs(app.app.db, app.client, tenantId, 'SUPPORT'),
      join(app.client, 'RUNNER'),
    ]);
    const mine =
      '{ myPayouts(first: 2) { edges { node { id state } } pageInfo { hasNextPage } } myPayoutAccounts { id last4 } }';
    const { data } = await ask(runner.client, mine);
    const { edges, pageInfo } = data!['myPayouts'] as { edges: { node: Payout }[]; pageInfo: { hasNextPage: boolean } };
    expect([edges.length, pageInfo.hasNextPage]).toEqual([2, true]);
    const { id } = edges[0]!.node;
    for (const { client } of [support, rival]) {
      expect((await ask(client, one, { id })).codes).toEqual(['NOT_FOUND']);
      expect((await ask(client, '{ payouts { edges { node { id } } } }')).codes).toEqual(['FORBIDDEN']);
      expect((await ask(client, '{ reconciliation(provider: "sandbox", day: "2026-11-20") { ok } }')).codes).toEqual([
        'FORBIDDEN',
      ]);
      expect((await ask(client, mine)).data).toMatchObject({ myPayouts: { edges: [] }, myPayoutAccounts: [] });
    }
    for (const { client } of [finance, admin]) {
      expect((await ask(client, one, { id })).codes).toEqual([]);
      const register = await ask(client, '{ payouts(state: REJECTED) { edges { node { state user { id } } } } }');
      expect(register.data).toEqual({ payouts: { edges: [{ node: { state: 'REJECTED', user: { id: runner.id } } }] } });
      const day = new Date().toISOString().slice(0, 10);
      const book = await ask(
        client,
        `{ reconciliation(provider: "sandbox", day: "${day}") { ok matched inFlight { reference } ours { minor } theirs { minor } differences { kind reference ours { minor } theirs { minor } } } }`,
      );
      expect(book.codes).toEqual([]);
      const { differences } = book.data!['reconciliation'] as { differences: readonly { kind: string }[] };
      expect(differences.filter(({ kind }) => kind !== 'charge')).toEqual([]);
    }
    expect((await ask(rival.client, request, inputOf(accountId, 1_000))).codes).toEqual(['NOT_FOUND']);
    const remove =
      'mutation ($id: ID!, $version: Int) { removePayoutAccount(id: $id, expectedVersion: $version) { account { status } } }';
    expect((await ask(rival.client, remove, { id: accountId })).codes).toEqual(['NOT_FOUND']);
    expect((await ask(runner.client, remove, { id: accountId, version: 2 })).codes).toEqual(['VERSION_CONFLICT']);
    expect((await ask(runner.client, remove, { id: accountId, version: 1 })).data).toEqual({
      removePayoutAccount: { account: { status: 'REMOVED' } },
    });
    expect((await ask(runner.client, request, inputOf(accountId, 1_000))).codes).toEqual(['ILLEGAL_TRANSITION']);
    expect((await addAccount(runner)).codes).toEqual([]);
  });

  it('refuse what is no account: a number that is none, one the bank does not know, a bank that is none', async () => {
    for (const bad of ['12', '12345678901234567890123', '12a4567890', '0000000001'])
      expect((await addAccount(runner, bad)).codes, bad).toEqual(['BAD_INPUT']);
    const nowhere = await ask(runner.client, add, { input: { bankId: uuidv7(), accountNumber: number } });
    expect(nowhere.codes).toEqual(['BAD_INPUT']);
  });
});
