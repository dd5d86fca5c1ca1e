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
const statementParts = `code isFinal opening { minor } closing { minor } debits { minor } credits { minor } csv
  lines { edges { cursor node { journalId kind businessRef side amount { minor } balance { minor currency } bookedAt effectiveAt } }
          pageInfo { hasNextPage hasPreviousPage endCursor } }`;
const myStatement = `query ($from: DateTime, $to: DateTime, $first: Int, $after: String) {
  statement: myStatement(from: $from, to: $to, first: $first, after: $after) { ${statementParts} } }`;
const accountStatement = `query ($code: String!, $from: DateTime, $to: DateTime, $first: Int, $after: String) {
  statement: accountStatement(code: $code, currency: NGN, from: $from, to: $to, first: $first, after: $after) { ${statementParts} } }`;
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

  it('state a wallet to its owner and every account to FINANCE and ADMIN, page by page', async () => {
    const saver = await join(app.client, 'CUSTOMER');
    const wallet = `user:${saver.id}:wallet`;
    expect(await ask(saver.client, myStatement)).toMatchObject({
      codes: [],
      data: { statement: { code: wallet, closing: { minor: 0 }, lines: { edges: [] } } },
    });
    for (const minor of [100, 200, 300]) {
      const input = { amount: { minor, currency: 'NGN' as const } };
      await saver.client.get(TopUpWalletDocument, { input });
    }
    const first = await ask(saver.client, myStatement, { first: 2 });
    expect(first).toMatchObject({
      codes: [],
      data: {
        statement: {
          code: wallet,
          isFinal: false,
          opening: { minor: 0 },
          closing: { minor: 600 },
          credits: { minor: 600 },
          lines: {
            edges: [
              { node: { kind: 'wallet.topUp', side: 'CREDIT', amount: { minor: 100 }, balance: { minor: 100 } } },
              { node: { amount: { minor: 200 }, balance: { minor: 300, currency: 'NGN' } } },
            ],
            pageInfo: { hasNextPage: true, hasPreviousPage: false },
          },
        },
      },
    });
    const { statement } = first.data as unknown as {
      statement: { csv: string; lines: { pageInfo: { endCursor: string } } };
    };
    const after = statement.lines.pageInfo.endCursor;
    for (const [client, question, variables] of [
      [saver.client, myStatement, {}],
      [finance.client, accountStatement, { code: wallet }],
      [admin.client, accountStatement, { code: wallet }],
    ] as const) {
      const rest = await ask(client, question, { ...variables, first: 2, after });
      expect(rest).toMatchObject({
        codes: [],
        data: { statement: { closing: { minor: 600 }, lines: { edges: [{ node: { balance: { minor: 600 } } }] } } },
      });
      const last = rest.data as unknown as { statement: { csv: string } };
      const table = `${statement.csv}${last.statement.csv}`.trimEnd().split('\r\n');
      expect(table.map((row) => row.split(',').at(-2))).toEqual(['balance', '0', '100', '300', '600', '600']);
    }
    const before = { from: '2020-01-01T00:00:00Z', to: '2020-02-01T00:00:00Z', first: null, after: null };
    expect(await ask(saver.client, myStatement, before)).toMatchObject({
      codes: [],
      data: { statement: { opening: { minor: 0 }, closing: { minor: 0 }, lines: { edges: [] } } },
    });
    expect((await ask(saver.client, accountStatement, { code: wallet })).codes).toEqual(['FORBIDDEN']);
    expect((await ask(support.client, accountStatement, { code: wallet })).codes).toEqual(['FORBIDDEN']);
    expect((await ask(app.client, myStatement)).codes).toEqual(['UNAUTHENTICATED']);
    expect((await ask(saver.client, myStatement, { first: 101 })).codes).toEqual(['BAD_INPUT']);
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
