import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { getMetadataStorage } from 'type-graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutationWrites } from '../../scripts/lib/invalidation/observed.js';
import { createSchema } from '../../src/graphql/index.js';
import type { Role } from '../../src/kernel/index.js';
import { adminActionNames, adminActions, createAuditService } from '../../src/modules/audit/index.js';
import { actorsOf, transitions } from '../../src/modules/errands/index.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { agree, dispute, fund, join, openMarket, post, type Person } from '../support/market.js';
import { joinAs } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let tenantId: string;
let admin: Person;
let customer: Person;
let runner: Person;

beforeAll(async () => {
  app = await startTestApp();
  tenantId = await openMarket(app.app.db);
  admin = await joinAs(app.app.db, app.client, tenantId, 'ADMIN');
  customer = await join(app.client, 'CUSTOMER');
  runner = await join(app.client, 'RUNNER');
});
afterAll(() => app.close());

type Data = Readonly<Record<string, never>>;
const entryParts =
  'id action actorRole actor { id } secondApprover { id } targetType targetId before after reason requestId at';

async function ask(client: GraphqlClient, text: string) {
  const { data, errors } = await client.ask(parse(text) as TypedDocumentNode<Data>);
  return { data, codes: errors.map(({ extensions }) => extensions.code) };
}

async function does(person: Person, text: string): Promise<Data> {
  const { data, codes } = await ask(person.client, text);
  expect(codes, text).toEqual([]);
  return data!;
}

interface Entry {
  readonly id: string;
  readonly [name: string]: unknown;
}

async function log(filter = '', client = admin.client): Promise<readonly Entry[]> {
  const { data, codes } = await ask(client, `{ auditLog(first: 100${filter}) { edges { node { ${entryParts} } } } }`);
  expect(codes).toEqual([]);
  const { edges } = data!['auditLog'] as unknown as { edges: readonly { node: Entry }[] };
  return edges.map(({ node }) => node);
}

const grant = (userId: string, role: Role) =>
  `mutation { grantRole(userId: "${userId}", role: ${role}) { user { id } } }`;
const revoke = (userId: string, role: Role) =>
  `mutation { revokeRole(userId: "${userId}", role: ${role}) { user { id } } }`;

/** Mutations that somebody of staff may call because they are, and what they are not written down for. */
const staffRoles: readonly Role[] = ['SUPPORT', 'ARBITER', 'FINANCE', 'ADMIN'];

async function staffMutations(): Promise<readonly string[]> {
  await createSchema();
  const { mutations, authorizedFields } = getMetadataStorage();
  const open = mutations.filter(({ target, methodName }) =>
    authorizedFields.some(
      (field) =>
        field.target === target &&
        field.fieldName === methodName &&
        field.roles.some((role) => (staffRoles as readonly unknown[]).includes(role)),
    ),
  );
  return [...new Set(open.map(({ schemaName }) => schemaName))];
}

describe('what staff can do', () => {
  it('has a name in the log, every mutation that is open to a role of staff and every transition', async () => {
    const found = await staffMutations();
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter((name) => !(name in adminActions))).toEqual([]);
    const byStaff = Object.entries(transitions).filter(([, rule]) => actorsOf(rule).includes('staff'));
    const names = byStaff.map(([name]) => (name === 'runnerDrop' ? 'dropErrand' : name));
    expect(names.toSorted()).toEqual(['approveResolution', 'dropErrand', 'proposeResolution']);
    expect(names.filter((name) => !(name in adminActions))).toEqual([]);
  });

  it('writes an entry wherever it is done: each of these mutations was seen to, by the statements it runs', () => {
    const silent = adminActionNames.filter((name) => !mutationWrites[name]?.includes('AuditEntry'));
    expect(silent).toEqual([]);
    const others = Object.keys(mutationWrites).filter((name) => mutationWrites[name]!.includes('AuditEntry'));
    expect(others.toSorted()).toEqual([...adminActionNames].toSorted());
  });
});

describe('the audit log', () => {
  it('says who did what to whom, as what, why, in which request, and what it was before', async () => {
    const person = await join(app.client, 'CUSTOMER');
    const document = parse(grant(person.id, 'SUPPORT')) as TypedDocumentNode<Data>;
    const { headers } = await admin.client.ask(document);
    await does(admin, grant(person.id, 'SUPPORT'));
    await does(admin, revoke(person.id, 'SUPPORT'));
    await does(admin, revoke(person.id, 'SUPPORT'));
    const about = `, filter: { target: user, targetId: "${person.id}" }`;
    const common = {
      actor: { id: admin.id },
      actorRole: 'ADMIN',
      secondApprover: null,
      targetId: person.id,
      reason: null,
    };
    const entries = await log(about);
    expect(entries, 'what changes nothing is no act').toMatchObject([
      { ...common, action: 'revokeRole', before: { roles: ['CUSTOMER', 'SUPPORT'] }, after: { roles: ['CUSTOMER'] } },
      { ...common, action: 'grantRole', before: { roles: ['CUSTOMER'] }, after: { roles: ['CUSTOMER', 'SUPPORT'] } },
    ]);
    expect(entries[1]!['requestId']).toBe(headers.get('x-request-id'));
    expect(entries[0]!['requestId']).not.toBe(entries[1]!['requestId']);
  });

  it('has nothing of what was refused or rolled back, and nothing is done that it has nothing of', async () => {
    const before = await log();
    expect((await ask(customer.client, grant(customer.id, 'ADMIN'))).codes).toEqual(['FORBIDDEN']);
    expect((await ask(admin.client, revoke(admin.id, 'ADMIN'))).codes).toEqual(['FORBIDDEN']);
    expect(await log()).toEqual(before);
    const { db } = app.app;
    await db.write((tx) => tx.$executeRaw`ALTER TABLE audit_entry ADD CONSTRAINT no_more CHECK (false) NOT VALID`);
    try {
      expect((await ask(admin.client, grant(customer.id, 'SUPPORT'))).codes).toEqual(['INTERNAL']);
      expect(await db.read.roleGrant.count({ where: { userId: customer.id, role: 'SUPPORT' } })).toBe(0);
    } finally {
      await db.write((tx) => tx.$executeRaw`ALTER TABLE audit_entry DROP CONSTRAINT no_more`);
    }
    expect(await log()).toEqual(before);
  });

  it('names both people of a decision that takes two, and what each did', async () => {
    const [arbiter, second] = [
      await joinAs(app.app.db, app.client, tenantId, 'ARBITER'),
      await joinAs(app.app.db, app.client, tenantId, 'ARBITER'),
    ];
    const errandId = await post(customer, { budget: { minor: 20_000_000, currency: 'NGN' } });
    await agree(customer, runner, errandId, 10_000_001);
    await fund(customer, errandId, 10_000_001);
    const disputeId = await dispute(runner, customer, errandId);
    const one = `disputeId: "${disputeId}"`;
    const answer = 'input: { statement: "It did." }';
    await does(runner, `mutation { respondToDispute(${one}, ${answer}) { dispute { id } } }`);
    const verdict = 'input: { outcome: SPLIT, customerAmountMinor: 1, reason: "Half of it came." }';
    await does(arbiter, `mutation { proposeResolution(${one}, ${verdict}) { dispute { id } } }`);
    const waiting = await app.app.db.read.disputeDecision.findFirstOrThrow({ where: { disputeId } });
    await does(second, `mutation { approveResolution(${one}, decisionId: "${waiting.id}") { dispute { id } } }`);
    const of = (actorId: string) => log(`, filter: { actorId: "${actorId}", targetId: "${disputeId}" }`);
    const amounts = { outcome: 'SPLIT', customerAmount: '1', decisionId: waiting.id };
    const proposed = { action: 'proposeResolution', actor: { id: arbiter.id }, after: { ...amounts, takesTwo: true } };
    const approved = { action: 'approveResolution', secondApprover: { id: arbiter.id }, after: amounts };
    expect(await of(arbiter.id)).toMatchObject([approved, { ...proposed, reason: 'Half of it came.' }]);
    expect(await of(second.id)).toMatchObject([{ ...approved, actor: { id: second.id } }]);
  });

  it('has an errand that staff took from its runner, and none that the runner gave back', async () => {
    const support = await joinAs(app.app.db, app.client, tenantId, 'SUPPORT');
    const drop = (id: string) => `mutation { dropErrand(id: "${id}", reason: "No sign of life.") { errand { id } } }`;
    const ids = [await post(customer), await post(customer)];
    for (const id of ids) {
      await agree(customer, runner, id);
      await fund(customer, id);
    }
    await does(support, drop(ids[0]!));
    await does(runner, drop(ids[1]!));
    expect(await log(', filter: { target: errand }')).toMatchObject([
      {
        targetId: ids[0],
        actorRole: 'SUPPORT',
        reason: 'No sign of life.',
        before: { state: 'ASSIGNED', runnerId: runner.id },
        after: { state: 'OPEN', runnerId: null },
      },
    ]);
  });

  it('has caches that were cleared and warmed by hand, in the market of whoever did it', async () => {
    await does(admin, 'mutation { clearCache(input: { type: "ERRAND_LIST" }) { scope } }');
    await does(admin, 'mutation { clearCache(input: { all: true }) { scope } }');
    await does(admin, 'mutation { warmCache { total } }');
    const entries = await log(', filter: { target: cache }');
    const acts = [
      ['warmCache', 'everything'],
      ['clearCache', 'everything'],
      ['clearCache', 'type ERRAND_LIST'],
    ];
    expect(entries.map(({ action, targetId }) => [action, targetId])).toEqual(acts);
    for (const { actor } of entries) expect(actor).toEqual({ id: admin.id });
  });

  it('has the command line as an operator of no market, which no market is shown', async () => {
    const before = await log();
    const audit = createAuditService({ db: app.app.db, clock: { now: () => new Date() } });
    await audit.note('operator', { action: 'clearCache', targetId: 'everything' });
    expect(await app.app.db.read.auditEntry.findMany({ where: { tenantId: null } })).toMatchObject([
      { actorId: null, actorRole: 'OPERATOR', action: 'clearCache' },
    ]);
    expect(await log()).toEqual(before);
  });

  it('keeps nothing that is called a secret, however deep', async () => {
    const audit = createAuditService({ db: app.app.db, clock: { now: () => new Date() } });
    const after = { password: 'hunter2', list: [{ refreshToken: 'abc', amount: 5n }], bytes: new Uint8Array([1]) };
    await audit.note('operator', { action: 'warmCache', targetId: 'a test', after });
    const entry = await app.app.db.read.auditEntry.findFirstOrThrow({ where: { targetId: 'a test' } });
    const hidden = '[redacted]';
    expect(entry.after).toEqual({ password: hidden, list: [{ refreshToken: hidden, amount: '5' }], bytes: hidden });
  });

  it('is not changed, deleted or emptied by anybody', async () => {
    const attempts = [`UPDATE audit_entry SET reason = 'Another'`, 'DELETE FROM audit_entry', 'TRUNCATE audit_entry'];
    for (const sql of attempts)
      await expect(
        app.app.db.write((tx) => tx.$executeRawUnsafe(sql)),
        sql,
      ).rejects.toThrow('append-only');
  });

  it('is shown to admins of its market only', async () => {
    for (const role of ['SUPPORT', 'ARBITER', 'FINANCE', 'CUSTOMER', 'RUNNER'] as const) {
      const { client } = await joinAs(app.app.db, app.client, tenantId, role);
      expect((await ask(client, '{ auditLog { edges { node { id } } } }')).codes, role).toEqual(['FORBIDDEN']);
    }
    expect((await ask(app.client, '{ auditLog { edges { node { id } } } }')).codes).toEqual(['UNAUTHENTICATED']);
    const elsewhere = await openMarket(app.app.db, 'elsewhere');
    const visitor = app.client.with({ 'x-runam-tenant': 'elsewhere' });
    const other = await joinAs(app.app.db, visitor, elsewhere, 'ADMIN');
    expect(await log('', other.client)).toEqual([]);
  });

  it('is read in pages that leave nothing out, by what was done and when', async () => {
    const all = await log();
    expect(all.length).toBeGreaterThan(5);
    const walked: string[] = [];
    for (let after = '', more = true; more;) {
      const text = `{ auditLog(first: 2${after}) { edges { node { id } } pageInfo { endCursor hasNextPage } } }`;
      const { edges, pageInfo } = (await does(admin, text))['auditLog'] as unknown as {
        edges: readonly { node: { id: string } }[];
        pageInfo: { endCursor: string; hasNextPage: boolean };
      };
      walked.push(...edges.map(({ node }) => node.id));
      after = `, after: "${pageInfo.endCursor}"`;
      more = pageInfo.hasNextPage;
    }
    expect(walked).toEqual(all.map(({ id }) => id));
    const granted = await log(', filter: { actions: [grantRole, revokeRole] }');
    expect(granted).toEqual(all.filter(({ action }) => action === 'grantRole' || action === 'revokeRole'));
    const at = String(all[2]!['at']);
    expect(await log(`, filter: { from: "${at}" }`)).toEqual(all.filter((entry) => String(entry['at']) >= at));
    expect(await log(`, filter: { to: "${at}" }`)).toEqual(all.filter((entry) => String(entry['at']) < at));
    for (const wrong of ['after: "abc"', 'first: 0', 'first: 101', 'filter: { actorId: "you" }'])
      expect((await ask(admin.client, `{ auditLog(${wrong}) { edges { cursor } } }`)).codes, wrong).toEqual([
        'BAD_INPUT',
      ]);
  });
});
