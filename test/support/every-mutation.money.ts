import { uuidv7 } from '../../src/kernel/index.js';
import { magicAmounts } from '../../src/modules/providers/index.js';
import { errandInput } from './market.js';
import {
  argumentsOf,
  naira,
  ofErrand,
  ofId,
  ofInput,
  ofOffer,
  password,
  type Arguments,
  type Signed,
  type Stage,
} from './mutation-stage.js';
import { sampleRow, type Row, type SampleRows } from './sample-rows.js';

/** What FINANCE books, and what it takes back again. */
export async function byHand(stage: Stage, { id, client }: Signed): Promise<void> {
  const { mutate } = stage;
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
export async function payouts(stage: Stage, { client }: Signed, finance: Signed): Promise<void> {
  const { app, mutate, bankId } = stage;
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
  const doubted = await request(500);
  // As a worker leaves one of which the provider tells another amount.
  const now = new Date();
  const told = { doubtedAt: now, toldAmount: 400n, toldCurrency: 'NGN', toldFee: 0n };
  const sent = { state: 'UNKNOWN' as const, provider: 'sandbox', attempt: 1, submittedAt: now };
  await app.app.db.write((tx) => tx.payout.update({ where: { id: doubted }, data: { ...sent, ...told } }));
  const settle = argumentsOf({ id: 'ID!', input: 'SettlePayoutInput!' });
  const settlement = { paid: naira(400), reason: 'a test' };
  await mutate(finance.client, 'settlePayout', settle, 'payout { id }', { id: doubted, input: settlement });
  await mutate(finance.client, 'approvePayout', ofId, 'payout { id }', { id: await request(2_000) });
  const reject = argumentsOf({ id: 'ID!', reason: 'String!' });
  await mutate(finance.client, 'rejectPayout', reject, 'payout { id }', { id: await request(2_000), reason: 'a test' });
  await mutate(client, 'removePayoutAccount', ofId, 'account { id }', { id: payoutAccountId });
}

/** One that the provider makes at once, and one that it is asked about later. */
export async function payments(stage: Stage, customer: Signed, runner: Signed): Promise<void> {
  const { mutate, app, tenantId, sandbox } = stage;
  const { client } = customer;
  const goodsMinor = 10_000n;
  for (const minor of [5_000n, magicAmounts.staysPending - goodsMinor]) {
    const errandId = await postErrand(stage, customer, true, {});
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
export async function steps(
  stage: Stage,
  customer: Signed,
  runner: Signed,
  agree: (input: Row) => Promise<string>,
): Promise<void> {
  const { mutate } = stage;
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
export async function news(stage: Stage, { client }: Signed): Promise<void> {
  const { mutate, app, tenantId } = stage;
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

export async function postErrand(stage: Stage, { client }: Signed, publish: boolean, more: Row): Promise<string> {
  const { mutate } = stage;
  const input = { ...errandInput({ publish, goodsBudget: naira(10_000) as never }), ...more };
  const { errand } = await mutate(client, 'postErrand', ofInput('PostErrandInput'), 'errand { id }', { input });
  return (errand as unknown as { id: string }).id;
}

export async function makeOffer(stage: Stage, { client }: Signed, errandId: string): Promise<string> {
  const { mutate } = stage;
  const args = argumentsOf({ errandId: 'ID!', input: 'MakeOfferInput!' });
  const variables = { errandId, input: { amountMinor: 300_000 } };
  const { offer } = await mutate(client, 'makeOffer', args, 'offer { id }', variables);
  return (offer as unknown as { id: string }).id;
}
