import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7, type Role } from '../../src/kernel/index.js';
import {
  AddEvidenceDocument,
  AppealDisputeDocument,
  ApproveResolutionDocument,
  DisputeDocument,
  DisputesDocument,
  DropErrandDocument,
  ErrandDisputeDocument,
  OpenDisputeDocument,
  ProposeResolutionDocument,
  RespondToDisputeDocument,
  WithdrawDisputeDocument,
} from '../support/generated/graphql.js';
import { agree, dispute, fund, join, openMarket, post, type Person } from '../support/market.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let redis: RedisProcess;
/** Two servers that share a cache: what one of them changes the other shows. */
let app: TestApp;
let twin: TestApp;
let tenantId: string;
let people: Readonly<Record<'customer' | 'runner' | 'rival' | 'stranger', Person>>;
let officers: Readonly<Record<'SUPPORT' | 'ARBITER' | 'FINANCE' | 'ADMIN', Person>>;

beforeAll(async () => {
  redis = await startRedis();
  const env = { REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0' };
  app = await startTestApp({ env, timersEveryMs: 3_600_000 });
  twin = await startTestApp({ env, database: app.database, timersEveryMs: 3_600_000 });
  tenantId = await openMarket(app.app.db);
  people = {
    customer: await join(app.client, 'CUSTOMER'),
    runner: await join(app.client, 'RUNNER'),
    rival: await join(app.client, 'RUNNER'),
    stranger: await join(app.client, 'CUSTOMER'),
  };
  officers = {
    SUPPORT: await joinStaff('SUPPORT'),
    ARBITER: await joinStaff('ARBITER'),
    FINANCE: await joinStaff('FINANCE'),
    ADMIN: await joinStaff('ADMIN'),
  };
});
afterAll(async () => {
  await twin.close();
  await app.close();
  await redis.stop();
});

async function joinStaff(role: Role): Promise<Person> {
  const person = await join(app.client, 'CUSTOMER', role);
  const grant = { id: uuidv7(), tenantId, userId: person.id, role, createdAt: new Date() };
  await app.app.db.write((tx) => tx.roleGrant.create({ data: grant }));
  return person;
}

async function funded(): Promise<string> {
  const errandId = await post(people.customer);
  await agree(people.customer, people.runner, errandId);
  await fund(people.customer, errandId);
  return errandId;
}

async function disputed(): Promise<{ errandId: string; id: string }> {
  const errandId = await funded();
  return { errandId, id: await dispute(people.runner, people.customer, errandId) };
}

const codes = ({ errors }: { readonly errors: readonly { extensions: { code: string } }[] }) =>
  errors.map(({ extensions }) => extensions.code);

describe('a dispute in the API', () => {
  it('goes from opening to its end, and the other server shows every step at once', async () => {
    const { customer, runner } = people;
    const { errandId, id } = await disputed();
    const seen = async (who: Person) => (await who.client.at(twin.url).get(DisputeDocument, { id })).dispute;
    expect(await seen(runner)).toMatchObject({
      state: 'AWAITING_RESPONSE',
      openedFrom: 'IN_PROGRESS',
      claim: { minor: 100_000 },
      openedBy: { id: customer.id },
      errand: { id: errandId, state: 'DISPUTED' },
      evidence: [],
      decisions: [],
    });
    const response = { statement: 'It did.', evidence: [{ kind: 'MESSAGE' as const, sha256: 'ef'.repeat(32) }] };
    await runner.client.get(RespondToDisputeDocument, { disputeId: id, input: response });
    expect(await seen(customer)).toMatchObject({ state: 'UNDER_REVIEW', response: 'It did.' });
    expect((await seen(customer)).evidence.map(({ sha256 }) => sha256).toSorted()).toEqual([
      'cd'.repeat(32),
      'ef'.repeat(32),
    ]);
    const input = { outcome: 'SPLIT' as const, customerAmountMinor: 100_000, reason: 'Both are a little right.' };
    await officers.ARBITER.client.get(ProposeResolutionDocument, { disputeId: id, input });
    // 300,000 less 100,000; 10 % of the rest is 20,000, VAT on it 1,500.
    expect((await seen(customer)).decisions).toMatchObject([
      {
        outcome: 'SPLIT',
        customerAmount: { minor: 100_000 },
        runnerAmount: { minor: 178_500 },
        fees: { minor: 21_500 },
      },
    ]);
    await runner.client.get(AppealDisputeDocument, { disputeId: id, reason: 'I want all of it.' });
    expect(await seen(customer)).toMatchObject({ state: 'APPEALED' });
    const release = { outcome: 'RELEASE' as const, reason: 'The runner is right.' };
    const { proposeResolution } = await officers.ADMIN.client.get(ProposeResolutionDocument, {
      disputeId: id,
      input: release,
    });
    expect(proposeResolution).toMatchObject({ dispute: { state: 'FINAL' }, errand: { state: 'COMPLETED' } });
    expect(await seen(runner)).toMatchObject({ state: 'FINAL', settledAt: expect.any(String) });
    const { errand } = await customer.client.at(twin.url).get(ErrandDisputeDocument, { id: errandId });
    expect(errand).toMatchObject({
      state: 'COMPLETED',
      dispute: { id, state: 'FINAL' },
      escrow: { state: 'RELEASED' },
    });
  });

  it('is shown to its parties, support, arbiters and admins and to nobody else, whoever filled the cache', async () => {
    const { errandId, id } = await disputed();
    const everybody = { ...people, ...officers };
    const seers: ReadonlySet<string> = new Set(['customer', 'runner', 'SUPPORT', 'ARBITER', 'ADMIN']);
    // The other party does not see what only one has shown yet.
    const pieces: Readonly<Record<string, number>> = { customer: 1, runner: 0, SUPPORT: 1, ARBITER: 1, ADMIN: 1 };
    for (const names of [Object.keys(everybody), Object.keys(everybody).toReversed()]) {
      for (const name of names as (keyof typeof everybody)[]) {
        const { client } = everybody[name];
        const answer = await client.ask(DisputeDocument, { id });
        const list = await client.get(DisputesDocument, {});
        const { errand } = await client.get(ErrandDisputeDocument, { id: errandId });
        const sees = seers.has(name);
        expect([name, codes(answer)]).toEqual([name, sees ? [] : ['NOT_FOUND']]);
        expect([name, answer.data?.dispute.evidence.length]).toEqual([name, pieces[name]]);
        expect([name, errand.dispute]).toEqual([name, sees ? { id, state: 'AWAITING_RESPONSE' } : null]);
        expect([name, list.disputes.edges.some(({ node }) => node.id === id)]).toEqual([name, sees]);
      }
    }
    const anonymous = await app.client.get(ErrandDisputeDocument, { id: errandId });
    expect(anonymous.errand.dispute).toBeNull();
  });

  it('lets the parties see no proposal that waits for a second arbiter', async () => {
    const { customer } = people;
    const errandId = await post(customer, { budget: { minor: 20_000_000, currency: 'NGN' } });
    await agree(customer, people.runner, errandId, 10_000_001);
    await fund(customer, errandId, 10_000_001);
    const id = await dispute(people.runner, customer, errandId);
    await people.runner.client.get(RespondToDisputeDocument, { disputeId: id, input: { statement: 'It did.' } });
    const input = { outcome: 'REFUND' as const, reason: 'The photos show it.' };
    const proposed = await officers.ARBITER.client.get(ProposeResolutionDocument, { disputeId: id, input });
    const [decision] = proposed.proposeResolution.dispute.decisions;
    expect(decision).toMatchObject({ decidedAt: null });
    const shown = async (who: Person) => (await who.client.get(DisputeDocument, { id })).dispute.decisions.length;
    expect([await shown(customer), await shown(people.runner), await shown(officers.ADMIN)]).toEqual([0, 0, 1]);
    const approval = { disputeId: id, decisionId: decision!.id };
    expect(codes(await officers.ARBITER.client.ask(ApproveResolutionDocument, approval))).toEqual(['FORBIDDEN']);
    expect(codes(await officers.SUPPORT.client.ask(ApproveResolutionDocument, approval))).toEqual(['FORBIDDEN']);
    await officers.ADMIN.client.get(ApproveResolutionDocument, approval);
    expect([await shown(customer), await shown(people.runner)]).toEqual([1, 1]);
  });

  it('is withdrawn, opened again, and shown as the newest', async () => {
    const { customer, runner } = people;
    const { errandId, id } = await disputed();
    await customer.client.get(AddEvidenceDocument, {
      disputeId: id,
      evidence: [{ kind: 'OTHER', sha256: '12'.repeat(32) }],
    });
    const { withdrawDispute } = await customer.client.get(WithdrawDisputeDocument, { disputeId: id });
    expect(withdrawDispute).toMatchObject({ dispute: { state: 'WITHDRAWN' }, errand: { state: 'IN_PROGRESS' } });
    const input = { reason: 'They do not let me in.', claimMinor: 5 };
    const { openDispute } = await runner.client.get(OpenDisputeDocument, { errandId, input });
    const { errand } = await customer.client.get(ErrandDisputeDocument, { id: errandId });
    expect(errand.dispute).toEqual({ id: openDispute.dispute.id, state: 'AWAITING_RESPONSE' });
  });
});

describe('an errand that is given back', () => {
  it('is open at once on every server, without runner and escrow, for the next one to take', async () => {
    const { customer, runner, rival } = people;
    const errandId = await funded();
    const seen = () => customer.client.at(twin.url).get(ErrandDisputeDocument, { id: errandId });
    expect((await seen()).errand).toMatchObject({ state: 'ASSIGNED', escrow: { state: 'FUNDED' } });
    expect(codes(await rival.client.ask(DropErrandDocument, { id: errandId }))).toEqual(['FORBIDDEN']);
    const { dropErrand } = await runner.client.get(DropErrandDocument, { id: errandId, reason: 'My bike broke down.' });
    expect(dropErrand).toMatchObject({ errand: { state: 'OPEN' }, escrow: { state: 'REFUNDED' } });
    expect((await seen()).errand).toMatchObject({ state: 'OPEN', escrow: null });
    const escrowId = await agree(customer, rival, errandId);
    expect(escrowId).not.toBe(dropErrand.escrow.id);
    expect((await seen()).errand).toMatchObject({ escrow: { id: escrowId, state: 'AWAITING_FUNDS' } });
  });
});
