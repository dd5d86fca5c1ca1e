import { isDeepStrictEqual } from 'node:util';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import {
  getNamedType,
  isInputObjectType,
  isObjectType,
  parse,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
} from 'graphql';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/index.js';
import { systemClock, uuidv7, type Role } from '../../src/kernel/index.js';
import { createSandboxServer, type SandboxServer } from '../../src/modules/providers/index.js';
import { everyMutation } from '../support/every-mutation.js';
import type { GraphqlClient, GraphqlFault } from '../support/graphql-client.js';
import { join, openMarket } from '../support/market.js';
import { withKey, type Mutate } from '../support/mutation-stage.js';
import { addBank } from '../support/payouts.js';
import type { Row } from '../support/sample-rows.js';
import { everythingOf } from '../support/selection.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

type AnyField = GraphQLField<unknown, unknown>;

const staff: readonly Role[] = ['SUPPORT', 'ARBITER', 'FINANCE', 'ADMIN'];
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** What is refused to who may not even know of it. */
const refusals = new Set(['NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED']);

/** A busy machine takes ten times as long as one with nothing else to do. */
const walkMsMax = 300_000;
/** Takes the provider's name of a charge. */
const namesByText = new Set(['recordChargeback']);
/** Answers how many of them were the caller's; the ids of others are like none. */
const passesOver = new Set(['markNotificationsRead']);

let app: TestApp;
let sandbox: SandboxServer;
let rows: Client;
let lagos: string;
interface Intruder {
  readonly who: string;
  readonly client: GraphqlClient;
}

/** Who has no business in Lagos, whatever they may do at home. */
let abroad: readonly Intruder[];

beforeAll(async () => {
  sandbox = await createSandboxServer({ clock: systemClock });
  const { url: SANDBOX_URL, key: SANDBOX_KEY, webhookSecret: SANDBOX_WEBHOOK_SECRET } = sandbox;
  const env = { SANDBOX_URL, SANDBOX_KEY, SANDBOX_WEBHOOK_SECRET, PAYOUT_APPROVAL_ABOVE: 'NGN=1000' };
  app = await startTestApp({ env, timersEveryMs: 3_600_000 });
  rows = new Client({ connectionString: app.database.url });
  await rows.connect();
  lagos = await openMarket(app.app.db, 'lagos');
  const abuja = await openMarket(app.app.db, 'abuja');
  const there = app.client.with({ 'x-runam-tenant': 'abuja' });
  const officer = await join(there, 'RUNNER', 'An officer of Abuja');
  await app.app.db.write((tx) =>
    tx.roleGrant.createMany({
      data: staff.map((role) => ({
        id: uuidv7(),
        tenantId: abuja,
        userId: officer.id,
        role,
        createdAt: new Date(),
      })),
    }),
  );
  abroad = [
    { who: 'every officer of another market', client: officer.client },
    { who: 'the same, naming this market', client: officer.client.with({ 'x-runam-tenant': 'lagos' }) },
  ];
}, 120_000);

afterAll(async () => {
  await rows?.end();
  await app?.close();
  await sandbox?.close();
});

describe('somebody of another market, whatever they may do at home', () => {
  it(
    'can do nothing with what a market holds, by no mutation; nor can nobody',
    async () => {
      const schema = await createSchema();
      const fields = schema.getMutationType()!.getFields();
      const takesKey = (field: string) => fields[field]!.args.some(({ name }) => name === 'idempotencyKey');
      const nobody = { who: 'nobody', client: app.client.with({ 'x-runam-tenant': 'lagos' }) };
      const tried = new Set<string>();
      const findings: string[] = [];

      /** Every intruder asks for it, and what came of that is told when it is not as it must be. */
      const intrude = async (field: string, document: TypedDocumentNode<Row>, variables: Row): Promise<void> => {
        tried.add(field);
        const before = await stateOf(lagos);
        for (const { who, client } of [...abroad, nobody]) {
          const { errors } = await client.ask(document, variables);
          if (!isRefused(errors)) findings.push(`${field} answered ${who}: ${JSON.stringify(errors)}`);
        }
        const after = await stateOf(lagos);
        if (!isDeepStrictEqual(after, before)) findings.push(`${field} changed rows`);
      };
      const mutate: Mutate = async (client, field, args, selection, variables = {}, fails = false) => {
        const asking = (fieldsOf: string) => {
          const { declared, given } = takesKey(field) ? withKey(args) : args;
          return parse(`mutation${declared} { ${field}${given} { ${fieldsOf} } }`) as TypedDocumentNode<Row>;
        };
        if (!tried.has(field) && namesOneOf(await idsOf(lagos), variables))
          await intrude(field, asking('__typename'), variables);
        const { data, errors } = await client.ask(asking(selection), variables);
        if (errors.length > 0 && !fails)
          throw new Error(`${field}: ${errors.map(({ message }) => message).join('; ')}`);
        return (data?.[field] ?? {}) as never;
      };
      const bankId = await addBank(app.app.db, { now: () => new Date() });
      await everyMutation({ app, tenantId: lagos, bankId, sandbox, mutate });

      expect(findings).toEqual([]);
      const named = Object.values(fields).filter(({ name, args }) => namesRows(args) || namesByText.has(name));
      expect(tried).toEqual(new Set(named.map(({ name }) => name).filter((name) => !passesOver.has(name))));
    },
    walkMsMax,
  );

  it(
    'reads nothing of it, by no query and under none of its ids and accounts',
    async () => {
      const fields = Object.values((await createSchema()).getQueryType()!.getFields());
      const found = await rows.query<{ code: string }>('SELECT code FROM ledger_account WHERE tenant_id = $1', [lagos]);
      const codes = found.rows.map(({ code }) => code);
      const known = await idsOf(lagos);
      const ids = await newestIdsOf(lagos);
      const questions = fields.flatMap((field) => questionsOf(field, ids, codes));
      expect(questions.length).toBeGreaterThan(fields.length + codes.length);
      for (const { who, client } of abroad) {
        for (const { query, isOfOne } of questions) {
          const { data, errors } = await client.ask(parse(query) as TypedDocumentNode<Row>);
          const told = JSON.stringify([data, errors]).match(uuid) ?? [];
          const leaked = told.filter((id) => known.has(id) && !query.includes(id));
          expect(leaked, `${who} asked ${query}`).toEqual([]);
          expect(isRefused(errors) || !isOfOne, `${who} asked ${query}: ${JSON.stringify(errors)}`).toBe(true);
        }
      }
    },
    walkMsMax,
  );
});

function isRefused(errors: readonly GraphqlFault[]): boolean {
  return errors.length > 0 && errors.every(({ extensions }) => refusals.has(extensions.code));
}

/** Whether it can be told which rows it is about: by id, at whatever depth of its input. A bank is no market's. */
function namesRows(args: readonly GraphQLArgument[]): boolean {
  const isOfRow = ({ name, type }: { readonly name: string; readonly type: GraphQLInputType }): boolean => {
    const named = getNamedType(type);
    if (isInputObjectType(named)) return Object.values(named.getFields()).some(isOfRow);
    return named.name === 'ID' && name !== 'bankId';
  };
  return args.some(isOfRow);
}

function namesOneOf(ids: ReadonlySet<string>, variables: Row): boolean {
  return (JSON.stringify(variables).match(uuid) ?? []).some((id) => ids.has(id));
}

interface Question {
  readonly query: string;
  /** It is about one row that is named. */
  readonly isOfOne: boolean;
}

/** What a query is asked: about each of the rows or accounts where it takes one, else about all. */
function questionsOf(field: AnyField, ids: readonly string[], codes: readonly string[]): readonly Question[] {
  const type = getNamedType(field.type);
  const depth = type.name.endsWith('Connection') ? 5 : 3;
  const everything = isObjectType(type) ? everythingOf(type, depth) : '';
  const byId = field.args.find(({ type: given }) => String(given) === 'ID!');
  if (byId) {
    const about = (id: string) => `{ ${field.name}(${byId.name}: "${id}") { __typename } }`;
    return ids.map((id) => ({ query: about(id), isOfOne: true }));
  }
  const takes = (name: string) => field.args.some((argument) => argument.name === name);
  const given = [
    takes('currency') ? ['currency: NGN'] : [],
    takes('day') ? [`provider: "sandbox", day: "${new Date().toISOString().slice(0, 10)}"`] : [],
    takes('query') ? ['query: "{ me { id } }"'] : [],
  ].flat();
  const asked = (args: readonly string[]): Question => {
    const query = `{ ${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''} ${everything} }`;
    return { query, isOfOne: false };
  };
  return takes('code') ? codes.map((code) => asked([...given, `code: "${code}"`])) : [asked(given)];
}

/** Tables whose rows belong to a market, and have an id. */
async function tablesOfMarkets(): Promise<readonly string[]> {
  const { rows: tables } = await rows.query<{ name: string }>(
    `SELECT c.table_name AS name FROM information_schema.columns c
     JOIN information_schema.columns i ON i.table_schema = c.table_schema AND i.table_name = c.table_name AND i.column_name = 'id' AND i.data_type = 'uuid'
     WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id' ORDER BY 1`,
  );
  return tables.map(({ name }) => name);
}

async function idsOf(tenantId: string): Promise<ReadonlySet<string>> {
  const tables = await tablesOfMarkets();
  const sql = tables.map((table) => `SELECT id FROM ${table} WHERE tenant_id = $1`).join(' UNION ALL ');
  const found = await rows.query<{ id: string }>(sql, [tenantId]);
  return new Set(found.rows.map(({ id }) => id));
}

/** One of each table. */
async function newestIdsOf(tenantId: string): Promise<readonly string[]> {
  const tables = await tablesOfMarkets();
  const newest = (table: string) => `(SELECT id FROM ${table} WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1)`;
  const found = await rows.query<{ id: string }>(tables.map(newest).join(' UNION '), [tenantId]);
  return found.rows.map(({ id }) => id);
}

/** A fingerprint of each table's rows. */
async function stateOf(tenantId: string): Promise<readonly unknown[]> {
  const tables = await tablesOfMarkets();
  const one = (table: string) =>
    `SELECT '${table}' AS table, count(*), sum(hashtextextended(t::text, 0)) AS rows FROM ${table} t WHERE tenant_id = $1`;
  return (await rows.query(tables.map(one).join(' UNION ALL '), [tenantId])).rows;
}
