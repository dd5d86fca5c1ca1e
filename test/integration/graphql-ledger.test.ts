import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7, type Role } from '../../src/kernel/index.js';
import { TopUpWalletDocument } from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { join, openMarket, type Person } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let tenantId: string;
let customer: Person;
let finance: Person;
let admin: Person;
let support: Person;

async function staff(role: Role): Promise<Person> {
  const person = await join(app.client, 'CUSTOMER', role);
  const grant = { id: uuidv7(), tenantId, userId: person.id, role, createdAt: new Date() };
  await app.app.db.write((tx) => tx.roleGrant.create({ data: grant }));
  return person;
}

beforeAll(async () => {
  app = await startTestApp({ timersEveryMs: 3_600_000 });
  tenantId = await openMarket(app.app.db);
  customer = await join(app.client, 'CUSTOMER');
  [finance, admin, support] = await Promise.all([staff('FINANCE'), staff('ADMIN'), staff('SUPPORT')]);
});
afterAll(() => app.close());

async function ask(client: GraphqlClient, text: string, variables: object = {}) {
  const { data, errors } = await client.ask(parse(text) as TypedDocumentNode<Record<string, never>, object>, variables);
  return { data, codes: errors.map(({ extensions }) => extensions.code) };
}

const trial = `query ($asOf: DateTime) { trialBalance(currency: NGN, asOf: $asOf) {
  isFinal debits { minor } credits { minor } rows { code type debits { minor } credits { minor } balance { minor currency } } } }`;
const balance = `query ($code: String!, $by: LedgerTime) {
  accountBalance(code: $code, currency: NGN, by: $by) { code type isFinal balance { minor } } }`;
const chargeback = `mutation ($input: ChargebackInput!) { recordChargeback(input: $input) {
  isReplay journal { id kind businessRef reason actorId lines { account side amount { minor } } } } }`;
const reverse = `mutation ($id: ID!, $reason: String!) { reverseJournal(journalId: $id, reason: $reason) {
  journal { id reversesId reason actorId lines { account side amount { minor } } } } }`;
const journal = 'query ($id: ID!) { journal(id: $id) { id kind reversesId recordedAt effectiveAt } }';

async function topUp(minor: number): Promise<string> {
  const input = { amount: { minor, currency: 'NGN' as const } };
  return (await customer.client.get(TopUpWalletDocument, { input })).topUpWallet.providerRef;
}

describe('the books over GraphQL', () => {
  it('show FINANCE and ADMIN what every account holds, now and as of a moment', async () => {
    await topUp(5_000);
    const code = `user:${customer.id}:wallet`;
    for (const { client } of [finance, admin]) {
      const now = await ask(client, trial);
      expect(now).toMatchObject({ codes: [], data: { trialBalance: { isFinal: false } } });
      const rows = (now.data!['trialBalance'] as unknown as { rows: readonly { code: string }[] }).rows;
      expect(rows.find((row) => row.code === code)).toEqual({
        code,
        type: 'LIABILITY',
        debits: { minor: 0 },
        credits: { minor: 5_000 },
        balance: { minor: 5_000, currency: 'NGN' },
      });
      expect(await ask(client, trial, { asOf: '2020-01-01T00:00:00Z' })).toMatchObject({
        data: { trialBalance: { debits: { minor: 0 }, credits: { minor: 0 }, rows: [] } },
      });
      expect(await ask(client, balance, { code, by: 'EFFECTIVE' })).toEqual({
        codes: [],
        data: { accountBalance: { code, type: 'LIABILITY', isFinal: false, balance: { minor: 5_000 } } },
      });
    }
    expect((await ask(finance.client, balance, { code: 'user:nobody:wallet' })).codes).toEqual(['NOT_FOUND']);
  });

  it('take a chargeback once, and a reversal once, from FINANCE', async () => {
    const providerRef = await topUp(700);
    const amount = { minor: 700, currency: 'NGN' };
    const input = { provider: 'sandbox', eventId: uuidv7(), providerRef, amount, reason: 'a stolen card' };
    const first = await ask(finance.client, chargeback, { input });
    expect(first).toMatchObject({ codes: [], data: { recordChargeback: { isReplay: false } } });
    const { recordChargeback } = first.data as unknown as { recordChargeback: { journal: { id: string } } };
    expect(recordChargeback.journal).toMatchObject({
      kind: 'charge.chargeback',
      actorId: finance.id,
      lines: [
        { account: `user:${customer.id}:wallet`, side: 'DEBIT', amount: { minor: 700 } },
        { account: 'psp:sandbox:clearing', side: 'CREDIT', amount: { minor: 700 } },
      ],
    });
    expect(await ask(finance.client, chargeback, { input })).toMatchObject({
      codes: [],
      data: { recordChargeback: { isReplay: true, journal: recordChargeback.journal } },
    });
    const { id } = recordChargeback.journal;
    const reversed = await ask(finance.client, reverse, { id, reason: 'we won it' });
    expect(reversed).toMatchObject({
      codes: [],
      data: { reverseJournal: { journal: { reversesId: id, reason: 'we won it', actorId: finance.id } } },
    });
    expect((await ask(finance.client, reverse, { id, reason: 'again' })).codes).toEqual(['ALREADY_EXISTS']);
    expect((await ask(finance.client, reverse, { id, reason: '' })).codes).toEqual(['BAD_INPUT']);
    expect(await ask(admin.client, journal, { id })).toMatchObject({ codes: [], data: { journal: { id } } });
  });

  it('are closed to everybody else, and booking by hand to ADMIN too', async () => {
    const id = uuidv7();
    const input = { provider: 'p', eventId: 'e', providerRef: 'r', amount: { minor: 1, currency: 'NGN' }, reason: 'x' };
    const asked = (client: GraphqlClient) =>
      Promise.all([
        ask(client, trial),
        ask(client, balance, { code: 'tax:vat' }),
        ask(client, journal, { id }),
        ask(client, reverse, { id, reason: 'x' }),
        ask(client, chargeback, { input }),
      ]).then((answers) => answers.flatMap(({ codes }) => codes));
    for (const { client } of [customer, support]) expect(await asked(client)).toEqual(Array(5).fill('FORBIDDEN'));
    expect((await asked(admin.client)).slice(-2)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    expect(await asked(finance.client)).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
  });

  it('hold together after all of it', async () => {
    expect((await ask(customer.client, '{ ledgerHealth { ok imbalance } }')).data).toEqual({
      ledgerHealth: { ok: true, imbalance: 0 },
    });
  });
});
