import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutationWrites } from '../../scripts/lib/invalidation/observed.js';
import type { Model } from '../../src/db/index.js';
import { createSchema } from '../../src/graphql/index.js';
import { systemClock, uuidv7 } from '../../src/kernel/index.js';
import { createSandboxServer, magicAmounts, type SandboxServer } from '../../src/modules/providers/index.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { errandInput, openMarket } from '../support/market.js';
import { addBank } from '../support/payouts.js';
import { sampleRow, type Row, type SampleRows } from '../support/sample-rows.js';
import { tablesIn } from '../support/tables.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface Signed {
  readonly id: string;
  readonly email: string;
  readonly client: GraphqlClient;
}

const password = 'a long password';
const naira = (minor: number) => ({ minor, currency: 'NGN' });

let app: TestApp;
let tenantId: string;
let bankId: string;
/** Tells of nothing by itself: what the server does about webhooks is written by no mutation. */
let sandbox: SandboxServer;
/** Of the mutation that runs. */
let statements: string[] = [];
const sqlOf = new Map<string, Set<string>>();
const toldOf = new Map<string, Set<Model>>();
const written: Record<string, readonly Model[]> = {};

beforeAll(async () => {
  // Timers write on their own, whatever is asked.
  sandbox = await createSandboxServer({ clock: systemClock });
  const { url: SANDBOX_URL, key: SANDBOX_KEY, webhookSecret: SANDBOX_WEBHOOK_SECRET } = sandbox;
  const env = { SANDBOX_URL, SANDBOX_KEY, SANDBOX_WEBHOOK_SECRET, PAYOUT_APPROVAL_ABOVE: 'NGN=1000' };
  app = await startTestApp({ env, onStatement: (sql) => statements.push(sql), timersEveryMs: 3_600_000 });
  tenantId = await openMarket(app.app.db);
  bankId = await addBank(app.app.db, { now: () => new Date() });
  const fields = Object.values((await createSchema()).getMutationType()!.getFields());
  const takesKey = fields.filter(({ args }) => args.some(({ name }) => name === 'idempotencyKey'));
  const keyed = new Set(takesKey.map(({ name }) => name));
  let running = '';
  app.app.db.onCommitted(async (changes) => {
    for (const { model } of changes) toldOf.set(running, (toldOf.get(running) ?? new Set()).add(model));
  });

  /** Asks for one mutation and keeps the statements it took, apart from those that tell the cache. */
  const mutate: Mutate = async (client, field, args, selection, variables = {}, fails = false) => {
    running = field;
    statements = [];
    const { declared, given } = keyed.has(field) ? withKey(args) : args;
    const document = parse(`mutation${declared} { ${field}${given} { ${selection} } }`);
    const { data, errors } = await client.ask(document as TypedDocumentNode<Row>, variables);
    if (errors.length > 0 && !fails) throw new Error(`${field}: ${errors.map(({ message }) => message).join('; ')}`);
    const known = sqlOf.get(field) ?? new Set();
    for (const sql of statements) if (!/row_change|^(BEGIN|COMMIT|ROLLBACK)/i.test(sql)) known.add(sql);
    sqlOf.set(field, known);
    return (data?.[field] ?? {}) as never;
  };
  await everyMutation(mutate);
  for (const [field, sqls] of sqlOf) {
    written[field] = (await tablesIn(app.database.url, sqls)).written;
  }
}, 300_000);
afterAll(async () => {
  await app.close();
  await sandbox.close();
});

describe('a mutation', () => {
  it('is looked at, every one that the schema has', async () => {
    const fields = Object.keys((await createSchema()).getMutationType()!.getFields());
    expect(Object.keys(written).toSorted()).toEqual(fields.toSorted());
  });

  it('writes the models that docs/invalidation.md says', () => {
    expect(written).toEqual(mutationWrites);
  });

  it('changes rows of no model that its statements do not write', () => {
    for (const [field, told] of toldOf)
      expect([field, written[field]]).toEqual([field, expect.arrayContaining([...told])]);
  });
});

interface Arguments {
  readonly declared: string;
  readonly given: string;
}

type Mutate = (
  client: GraphqlClient,
  field: string,
  args: Arguments,
  selection: string,
  variables?: Row,
  /** The answer may be an error. Default false. */
  fails?: boolean,
) => Promise<Readonly<Record<string, never>>>;

/** `{ id: 'ID!' }` -> what the operation declares and what the field is given. */
function argumentsOf(types: Readonly<Record<string, string>>): Arguments {
  const names = Object.keys(types);
  return {
    declared: `(${names.map((name) => `$${name}: ${types[name]}`).join(', ')})`,
    given: `(${names.map((name) => `${name}: $${name}`).join(', ')})`,
  };
}

/** The same, done with an idempotency key of its own: what only keyed calls write is looked at too. */
function withKey({ declared, given }: Arguments): Arguments {
  return { declared, given: given.replace(/\)$/, `, idempotencyKey: "${uuidv7()}")`) };
}

const ofInput = (type: string) => argumentsOf({ input: `${type}!` });
const ofId = argumentsOf({ id: 'ID!' });
const ofErrand = argumentsOf({ errandId: 'ID!' });
const ofOffer = argumentsOf({ offerId: 'ID!' });

/** Every mutation, on every way through the code that writes other tables. */
async function everyMutation(mutate: Mutate): Promise<void> {
  const customer = await signUp(mutate, 'CUSTOMER');
  const runner = await signUp(mutate, 'RUNNER');
  await accounts(mutate, customer, runner);
  const post = (publish = true, input: Row = {}) => postErrand(mutate, customer, publish, input);
  const offer = (errandId: string) => makeOffer(mutate, runner, errandId);
  const accept = async (errandId: string) =>
    mutate(customer.client, 'acceptOffer', ofOffer, 'escrow { id }', { offerId: await offer(errandId) });
  const cancel = (id: string) => mutate(customer.client, 'cancelErrand', ofId, 'errand { id }', { id });
  const fund = (errandId: string) => mutate(customer.client, 'fundEscrow', ofErrand, 'escrow { id }', { errandId });

  await cancel(await post(false));
  await cancel(await post());
  const draft = await post(false);
  await mutate(customer.client, 'publishErrand', ofId, 'errand { id }', { id: draft });
  await mutate(runner.client, 'withdrawOffer', ofOffer, 'offer { id }', { offerId: await offer(draft) });
  await offer(draft);
  const update = argumentsOf({ id: 'ID!', input: 'UpdateErrandInput!' });
  await mutate(customer.client, 'updateErrand', update, 'errand { id }', { id: draft, input: { title: 'Another' } });
  await accept(draft);
  await cancel(draft);

  await mutate(customer.client, 'topUpWallet', ofInput('TopUpInput'), 'providerRef', {
    input: { amount: naira(5_000_000) },
  });
  for (const isDone of [false, true]) {
    const errandId = await post();
    await accept(errandId);
    await fund(errandId);
    if (!isDone) await cancel(errandId);
    else await deliver(mutate, customer, runner, errandId);
  }
  const assigned = await post();
  await accept(assigned);
  await fund(assigned);
  await mutate(runner.client, 'dropErrand', ofId, 'errand { id }', { id: assigned });
  await steps(mutate, customer, runner, async (input) => {
    const errandId = await post(true, input);
    await accept(errandId);
    return errandId;
  });
  await disputes(mutate, customer, runner, async () => {
    const errandId = await post();
    await accept(errandId);
    await fund(errandId);
    await mutate(runner.client, 'startErrand', ofId, 'errand { id }', { id: errandId });
    return errandId;
  });
  await byHand(mutate, customer);
  await payouts(mutate, runner, customer);
  await payments(mutate, customer, runner);
  await news(mutate, customer);
  const everywhere = argumentsOf({ everywhere: 'Boolean' });
  await mutate(runner.client, 'signOut', everywhere, 'sessionsEnded', { everywhere: false });
  await mutate(customer.client, 'signOut', everywhere, 'sessionsEnded', { everywhere: true });
}

async function signUp(mutate: Mutate, role: string, name = role.toLowerCase()): Promise<Signed> {
  const email = `${name}@runam.test`;
  const input = { email, password, displayName: role, role };
  const payload = await mutate(app.client, 'signUp', ofInput('SignUpInput'), 'accessToken user { id }', {
    input,
  });
  const { accessToken, user } = payload as unknown as Record<string, string> & { user: { id: string } };
  return { id: user.id, email, client: app.client.as(accessToken!) };
}

async function accounts(mutate: Mutate, customer: Signed, runner: Signed): Promise<void> {
  const grant = sampleRow('RoleGrant', { User: { id: customer.id, tenantId } as Row } as SampleRows);
  await app.app.db.write((tx) => tx.roleGrant.create({ data: { ...grant, role: 'ADMIN', scope: '*' } as never }));
  const signIn = argumentsOf({ input: 'SignInInput!' });
  const input = { email: runner.email, password };
  const { refreshToken } = await mutate(app.client, 'signIn', signIn, 'accessToken refreshToken', { input });
  const refresh = argumentsOf({ refreshToken: 'String!' });
  // A token that is used a second time ends its session, although the answer is an error.
  for (const isSpent of [false, true]) {
    await mutate(app.client, 'refreshSession', refresh, 'accessToken', { refreshToken }, isSpent);
  }
  const role = argumentsOf({ userId: 'ID!', role: 'Role!' });
  for (const field of ['grantRole', 'revokeRole']) {
    await mutate(customer.client, field, role, 'user { id }', { userId: runner.id, role: 'SUPPORT' });
  }
  await mutate(customer.client, 'clearCache', ofInput('ClearCacheInput'), 'entries', { input: { all: true } });
  await mutate(customer.client, 'warmCache', ofInput('WarmCacheInput'), 'total', { input: {} });
  await mutate(customer.client, 'updateProfile', ofInput('UpdateProfileInput'), 'user { id }', {
    input: { displayName: 'Renamed' },
  });
}

/** What FINANCE books, and what it takes back again. */
async function byHand(mutate: Mutate, { id, client }: Signed): Promise<void> {
  const role = argumentsOf({ userId: 'ID!', role: 'Role!' });
  await mutate(client, 'grantRole', role, 'user { id }', { userId: id, role: 'FINANCE' });
  const topUp = { amount: naira(1_000) };
  const { providerRef } = await mutate(client, 'topUpWallet', ofInput('TopUpInput'), 'providerRef', { input: topUp });
  for (const [eventId, bearer] of [
    ['1', 'USER'],
    ['2', 'HOUSE'],
  ]) {
    const input = { provider: 'sandbox', eventId, providerRef, amount: naira(100), bearer, reason: 'a test' };
    const { journal } = await mutate(client, 'recordChargeback', ofInput('ChargebackInput'), 'journal { id }', {
      input,
    });
    const { id: journalId } = journal as unknown as { id: string };
    const reverse = argumentsOf({ journalId: 'ID!', reason: 'String!' });
    await mutate(client, 'reverseJournal', reverse, 'journal { id }', { journalId, reason: 'a test' });
  }
}

/** Somebody is paid a little, which nobody looks at, and more, which somebody of FINANCE lets go or does not. */
async function payouts(mutate: Mutate, { client }: Signed, finance: Signed): Promise<void> {
  const input = { bankId, accountNumber: '1234567890' };
  const { account } = await mutate(client, 'addPayoutAccount', ofInput('AddPayoutAccountInput'), 'account { id }', {
    input,
  });
  const { id: payoutAccountId } = account as unknown as { id: string };
  const request = async (minor: number) => {
    const wanted = { payoutAccountId, amount: naira(minor), password };
    const args = ofInput('RequestPayoutInput');
    const { payout } = await mutate(client, 'requestPayout', args, 'payout { id }', { input: wanted });
    return (payout as unknown as { id: string }).id;
  };
  await request(500);
  await mutate(finance.client, 'approvePayout', ofId, 'payout { id }', { id: await request(2_000) });
  const reject = argumentsOf({ id: 'ID!', reason: 'String!' });
  await mutate(finance.client, 'rejectPayout', reject, 'payout { id }', { id: await request(2_000), reason: 'a test' });
  await mutate(client, 'removePayoutAccount', ofId, 'account { id }', { id: payoutAccountId });
}

/** One that the provider makes at once, and one that it is asked about later. */
async function payments(mutate: Mutate, customer: Signed, runner: Signed): Promise<void> {
  const { client } = customer;
  const goodsMinor = 10_000n;
  for (const minor of [5_000n, magicAmounts.staysPending - goodsMinor]) {
    const errandId = await postErrand(mutate, customer, true, {});
    const args = argumentsOf({ errandId: 'ID!', input: 'MakeOfferInput!' });
    const offered = { errandId, input: { amountMinor: Number(minor) } };
    const { offer } = await mutate(runner.client, 'makeOffer', args, 'offer { id }', offered);
    const { id: offerId } = offer as unknown as { id: string };
    await mutate(client, 'acceptOffer', ofOffer, 'escrow { id }', { offerId });
    const { charge } = await mutate(client, 'payForErrand', ofErrand, 'charge { id state providerRef }', { errandId });
    const { id, state, providerRef } = charge as unknown as { id: string; state: string; providerRef: string };
    if (state === 'SUCCEEDED') continue;
    sandbox.book.succeedCharge(providerRef);
    await mutate(client, 'verifyCharge', argumentsOf({ chargeId: 'ID!' }), 'charge { id }', { chargeId: id });
  }
  const failed = {
    ...sampleRow('WebhookInbox', { Tenant: { id: tenantId } as Row } as SampleRows),
    state: 'FAILED',
    nextAt: null,
    error: 'a test',
  };
  await app.app.db.write((tx) => tx.webhookInbox.create({ data: failed as never }));
  const { id: webhookId } = await app.app.db.read.webhookInbox.findFirstOrThrow();
  await mutate(client, 'retryWebhook', argumentsOf({ webhookId: 'ID!' }), 'webhook { id }', { webhookId });
}

/** Money in steps and on top of it, receipts, and codes at both doors. */
async function steps(
  mutate: Mutate,
  customer: Signed,
  runner: Signed,
  agree: (input: Row) => Promise<string>,
): Promise<void> {
  const id = await agree({ goodsInAdvance: true, requiresCodes: ['PICKUP', 'DROPOFF'] });
  const [ofSteps, ofTopUp] = [
    argumentsOf({ errandId: 'ID!', milestones: '[MilestoneInput!]!' }),
    argumentsOf({ errandId: 'ID!', serviceMinor: 'BigInt', goodsMinor: 'BigInt' }),
  ];
  const milestones = [100_000, 200_000].map((amountMinor) => ({ title: 'A step', amountMinor }));
  const onErrand = (field: string, args: Arguments, variables: Row) =>
    mutate(customer.client, field, args, 'escrow { id }', { errandId: id, ...variables });
  await onErrand('agreeMilestones', ofSteps, { milestones });
  await onErrand('agreeMilestones', ofSteps, { milestones: milestones.toReversed() });
  await onErrand('fundEscrow', ofErrand, {});
  await onErrand('topUpEscrow', ofTopUp, { serviceMinor: 1, goodsMinor: 1 });
  const ofPhase = argumentsOf({ errandId: 'ID!', phase: 'HandoverPhase!' });
  const issue = async (phase: string) => {
    const payload = await mutate(customer.client, 'issueHandoverCode', ofPhase, 'code', { errandId: id, phase });
    return (payload as unknown as { code: string }).code;
  };
  const ofPickup = argumentsOf({ id: 'ID!', pickupCode: 'String' });
  const pickupCode = await issue('PICKUP');
  await mutate(runner.client, 'startErrand', ofPickup, 'errand { id }', { id, pickupCode });
  await onErrand('releaseMilestone', argumentsOf({ errandId: 'ID!', seq: 'Int!' }), { seq: 1 });
  await onErrand('tipRunner', argumentsOf({ errandId: 'ID!', amountMinor: 'BigInt!' }), { amountMinor: 1 });
  const ofReceipts = argumentsOf({ errandId: 'ID!', receipts: '[ReceiptInput!]!' });
  const receipts = [{ amountMinor: 1, sha256: 'ab'.repeat(32) }];
  await mutate(runner.client, 'addReceipts', ofReceipts, 'escrow { id }', { errandId: id, receipts });
  const ofCode = argumentsOf({ errandId: 'ID!', code: 'String!' });
  const given = { errandId: id, code: await issue('DROPOFF') };
  await mutate(runner.client, 'confirmByCode', ofCode, 'escrow { id }', given);
}

/** What an admin does about webhooks, and what somebody was told. */
async function news(mutate: Mutate, { client }: Signed): Promise<void> {
  await mutate(client, 'markNotificationsRead', argumentsOf({ ids: '[ID!]' }), 'marked', { ids: [uuidv7()] });
  const create = { input: { url: 'http://127.0.0.1:9/hook', topics: ['*'] } };
  const created = ofInput('CreateWebhookEndpointInput');
  const { endpoint } = await mutate(client, 'createWebhookEndpoint', created, 'endpoint { id }', create);
  const { id } = endpoint as unknown as { id: string };
  const sample = sampleRow('WebhookDelivery', { WebhookEndpoint: { id, tenantId } as Row } as SampleRows);
  const delivery = await app.app.db.write((tx) => tx.webhookDelivery.create({ data: sample as never }));
  const again = argumentsOf({ deliveryId: 'ID!' });
  await mutate(client, 'replayWebhookDelivery', again, 'delivery { id }', { deliveryId: delivery.id });
  const update = argumentsOf({ id: 'ID!', input: 'UpdateWebhookEndpointInput!' });
  await mutate(client, 'updateWebhookEndpoint', update, 'endpoint { id }', { id, input: { state: 'PAUSED' } });
  await mutate(client, 'rotateWebhookSecret', ofId, 'endpoint { id }', { id });
  await mutate(client, 'deleteWebhookEndpoint', ofId, 'endpoint { id }', { id });
}

async function postErrand(mutate: Mutate, { client }: Signed, publish: boolean, more: Row): Promise<string> {
  const input = { ...errandInput({ publish, goodsBudget: naira(10_000) as never }), ...more };
  const { errand } = await mutate(client, 'postErrand', ofInput('PostErrandInput'), 'errand { id }', { input });
  return (errand as unknown as { id: string }).id;
}

async function makeOffer(mutate: Mutate, { client }: Signed, errandId: string): Promise<string> {
  const args = argumentsOf({ errandId: 'ID!', input: 'MakeOfferInput!' });
  const variables = { errandId, input: { amountMinor: 300_000 } };
  const { offer } = await mutate(client, 'makeOffer', args, 'offer { id }', variables);
  return (offer as unknown as { id: string }).id;
}

async function disputes(mutate: Mutate, customer: Signed, runner: Signed, start: () => Promise<string>): Promise<void> {
  const judges = [await signUpArbiter(mutate, 1), await signUpArbiter(mutate, 2)] as const;
  const clerk = await signUpArbiter(mutate, 3);
  const evidence = [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }];
  const about = (types: Readonly<Record<string, string>> = {}) => argumentsOf({ disputeId: 'ID!', ...types });
  const open = async (errandId: string): Promise<string> => {
    const input = { reason: 'It never came to my door.', claimMinor: 1, evidence };
    const args = argumentsOf({ errandId: 'ID!', input: 'OpenDisputeInput!' });
    const payload = await mutate(customer.client, 'openDispute', args, 'dispute { id }', { errandId, input });
    return (payload as unknown as { dispute: { id: string } }).dispute.id;
  };
  const propose = (by: Signed, disputeId: string) => {
    const input = { outcome: 'REFUND', reason: 'The photos show it.' };
    const args = about({ input: 'ProposeResolutionInput!' });
    return mutate(by.client, 'proposeResolution', args, 'dispute { id }', { disputeId, input });
  };
  const approve = async (by: Signed, disputeId: string) => {
    const decisionId = await addProposal(disputeId, clerk.id);
    const args = about({ decisionId: 'ID!' });
    await mutate(by.client, 'approveResolution', args, 'dispute { id }', { disputeId, decisionId });
  };
  const withdrawn = { disputeId: await open(await start()) };
  await mutate(customer.client, 'withdrawDispute', about(), 'dispute { id }', withdrawn);
  // Each is the first decision once, and once the one on appeal, which moves the money.
  for (const [first, onAppeal] of [
    [propose, approve],
    [approve, propose],
  ] as const) {
    const disputeId = await open(await start());
    const response = { disputeId, input: { statement: 'It did.', evidence } };
    const respond = about({ input: 'RespondToDisputeInput!' });
    await mutate(runner.client, 'respondToDispute', respond, 'dispute { id }', response);
    const given = about({ evidence: '[EvidenceInput!]!' });
    await mutate(customer.client, 'addEvidence', given, 'dispute { id }', { disputeId, evidence });
    await first(judges[0], disputeId);
    const appeal = { disputeId, reason: 'Look again.' };
    await mutate(runner.client, 'appealDispute', about({ reason: 'String!' }), 'dispute { id }', appeal);
    await onAppeal(judges[1], disputeId);
  }
}

/** A proposal that waits for somebody else: what an escrow above the limit would have. */
async function addProposal(disputeId: string, proposedById: string): Promise<string> {
  return app.app.db.write(async (tx) => {
    const dispute = await tx.dispute.findUniqueOrThrow({ where: { id: disputeId }, include: { escrow: true } });
    const made = sampleRow('DisputeDecision', { Dispute: dispute as unknown as Row } as SampleRows);
    const refund = { outcome: 'REFUND', customerAmount: dispute.escrow.gross, runnerAmount: 0n };
    const pending = { rule: null, decidedAt: null, proposedById, seq: 30_000 };
    return (await tx.disputeDecision.create({ data: { ...made, ...refund, ...pending } as never })).id;
  });
}

async function signUpArbiter(mutate: Mutate, nth: number): Promise<Signed> {
  const arbiter = await signUp(mutate, 'CUSTOMER', `arbiter${nth}`);
  const grant = sampleRow('RoleGrant', { User: { id: arbiter.id, tenantId } as Row } as SampleRows);
  await app.app.db.write((tx) => tx.roleGrant.create({ data: { ...grant, role: 'ARBITER', scope: '*' } as never }));
  return arbiter;
}

async function deliver(mutate: Mutate, customer: Signed, runner: Signed, id: string): Promise<void> {
  await mutate(runner.client, 'startErrand', ofId, 'errand { id }', { id });
  const proofs = [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }];
  const ofProofs = argumentsOf({ id: 'ID!', proofs: '[ProofInput!]!' });
  await mutate(runner.client, 'submitProof', ofProofs, 'errand { id }', { id, proofs });
  const goods = argumentsOf({ errandId: 'ID!', goodsSpentMinor: 'BigInt' });
  await mutate(customer.client, 'confirmDelivery', goods, 'escrow { id }', { errandId: id, goodsSpentMinor: 5_000 });
}
