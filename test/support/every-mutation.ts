import { byHand, makeOffer, news, payments, payouts, postErrand, steps } from './every-mutation.money.js';
import { people } from './every-mutation.people.js';
import {
  argumentsOf,
  naira,
  ofErrand,
  ofId,
  ofInput,
  ofOffer,
  password,
  type Signed,
  type Stage,
} from './mutation-stage.js';
import { sampleRow, type Row, type SampleRows } from './sample-rows.js';

export async function everyMutation(stage: Stage): Promise<void> {
  const { mutate } = stage;
  const customer = await signUp(stage, 'CUSTOMER');
  const runner = await signUp(stage, 'RUNNER');
  await accounts(stage, customer, runner);
  const post = (publish = true, input: Row = {}) => postErrand(stage, customer, publish, input);
  const offer = (errandId: string) => makeOffer(stage, runner, errandId);
  const accept = async (errandId: string) =>
    mutate(customer.client, 'acceptOffer', ofOffer, 'escrow { id }', { offerId: await offer(errandId) });
  const cancel = (id: string) => mutate(customer.client, 'cancelErrand', ofId, 'errand { id }', { id });
  const fund = (errandId: string) => mutate(customer.client, 'fundEscrow', ofErrand, 'escrow { id }', { errandId });

  await cancel(await post(false));
  await cancel(await post());
  const draft = await post(false);
  await mutate(customer.client, 'publishErrand', ofId, 'errand { id }', { id: draft });
  await mutate(runner.client, 'withdrawOffer', ofOffer, 'offer { id }', { offerId: await offer(draft) });
  const priced = argumentsOf({ offerId: 'ID!', input: 'CounterOfferInput!' });
  const price = (by: Signed, field: string, offerId: string) =>
    mutate(by.client, field, priced, 'offer { id }', { offerId, input: { amountMinor: 250_000 } });
  const idOf = (payload: unknown) => (payload as { offer: { id: string } }).offer.id;
  const answered = idOf(
    await price(runner, 'answerCounter', idOf(await price(customer, 'counterOffer', await offer(draft)))),
  );
  const countered = idOf(await price(customer, 'counterOffer', answered));
  await mutate(runner.client, 'acceptCounter', ofOffer, 'escrow { id }', { offerId: countered });
  await cancel(draft);
  const haggled = await post();
  await offer(haggled);
  const update = argumentsOf({ id: 'ID!', input: 'UpdateErrandInput!' });
  await mutate(customer.client, 'updateErrand', update, 'errand { id }', { id: haggled, input: { title: 'Another' } });
  await accept(haggled);
  await cancel(haggled);

  await mutate(customer.client, 'topUpWallet', ofInput('TopUpInput'), 'providerRef', {
    input: { amount: naira(5_000_000) },
  });
  for (const isDone of [false, true]) {
    const errandId = await post();
    await accept(errandId);
    await fund(errandId);
    if (!isDone) await cancel(errandId);
    else await deliver(stage, customer, runner, errandId);
    if (isDone) await reviews(stage, customer, runner, errandId);
  }
  const assigned = await post();
  await accept(assigned);
  await fund(assigned);
  await mutate(runner.client, 'dropErrand', ofId, 'errand { id }', { id: assigned });
  await accept(assigned);
  await fund(assigned);
  const clerk = await signUpSupport(stage, customer);
  await mutate(clerk.client, 'dropErrand', ofId, 'errand { id }', { id: assigned });
  await steps(stage, customer, runner, async (input) => {
    const errandId = await post(true, input);
    await accept(errandId);
    return errandId;
  });
  await disputes(stage, customer, runner, async () => {
    const errandId = await post();
    await accept(errandId);
    await fund(errandId);
    await mutate(runner.client, 'startErrand', ofId, 'errand { id }', { id: errandId });
    return errandId;
  });
  await byHand(stage, customer);
  await people(stage, customer, (name) => signUp(stage, 'RUNNER', name));
  await payouts(stage, runner, customer);
  await payments(stage, customer, runner);
  await news(stage, customer);
  const everywhere = argumentsOf({ everywhere: 'Boolean' });
  await mutate(runner.client, 'signOut', everywhere, 'sessionsEnded', { everywhere: false });
  await mutate(customer.client, 'signOut', everywhere, 'sessionsEnded', { everywhere: true });
}

async function signUp(stage: Stage, role: string, name = role.toLowerCase()): Promise<Signed> {
  const { mutate, app } = stage;
  const email = `${name}@runam.test`;
  const input = { email, password, displayName: role, role };
  const payload = await mutate(app.client, 'signUp', ofInput('SignUpInput'), 'accessToken user { id }', {
    input,
  });
  const { accessToken, user } = payload as unknown as Record<string, string> & { user: { id: string } };
  return { id: user.id, email, client: app.client.as(accessToken!) };
}

async function accounts(stage: Stage, customer: Signed, runner: Signed): Promise<void> {
  const { mutate, app, tenantId } = stage;
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

async function reviews(stage: Stage, customer: Signed, runner: Signed, errandId: string): Promise<void> {
  const { mutate } = stage;
  const args = argumentsOf({ errandId: 'ID!', input: 'ReviewInput!', expectedVersion: 'Int' });
  const input = { stars: 1, text: 'Rude words.' };
  const give = (by: Signed, expectedVersion?: number) =>
    mutate(by.client, 'reviewUser', args, 'review { id }', { errandId, input, expectedVersion });
  await give(runner);
  await give(runner, 1);
  const { review } = await give(customer);
  const clerk = await signUpSupport(stage, customer, 'reader');
  const hide = argumentsOf({ id: 'ID!', reason: 'String!' });
  const { id } = review as unknown as { id: string };
  for (const field of ['hideReview', 'unhideReview'])
    await mutate(clerk.client, field, hide, 'review { id }', { id, reason: 'a test' });
}

async function signUpSupport(stage: Stage, admin: Signed, name = 'clerk'): Promise<Signed> {
  const { mutate } = stage;
  const clerk = await signUp(stage, 'CUSTOMER', name);
  const role = argumentsOf({ userId: 'ID!', role: 'Role!' });
  await mutate(admin.client, 'grantRole', role, 'user { id }', { userId: clerk.id, role: 'SUPPORT' });
  return clerk;
}

async function disputes(stage: Stage, customer: Signed, runner: Signed, start: () => Promise<string>): Promise<void> {
  const { mutate } = stage;
  const judges = [await signUpArbiter(stage, 1), await signUpArbiter(stage, 2)] as const;
  const clerk = await signUpArbiter(stage, 3);
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
    const decisionId = await addProposal(stage, disputeId, clerk.id);
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

async function addProposal(stage: Stage, disputeId: string, proposedById: string): Promise<string> {
  const { app } = stage;
  return app.app.db.write(async (tx) => {
    const dispute = await tx.dispute.findUniqueOrThrow({ where: { id: disputeId }, include: { escrow: true } });
    const made = sampleRow('DisputeDecision', { Dispute: dispute as unknown as Row } as SampleRows);
    const refund = { outcome: 'REFUND', customerAmount: dispute.escrow.gross, runnerAmount: 0n };
    const pending = { rule: null, decidedAt: null, proposedById, seq: 30_000 };
    return (await tx.disputeDecision.create({ data: { ...made, ...refund, ...pending } as never })).id;
  });
}

async function signUpArbiter(stage: Stage, nth: number): Promise<Signed> {
  const { app, tenantId } = stage;
  const arbiter = await signUp(stage, 'CUSTOMER', `arbiter${nth}`);
  const grant = sampleRow('RoleGrant', { User: { id: arbiter.id, tenantId } as Row } as SampleRows);
  await app.app.db.write((tx) => tx.roleGrant.create({ data: { ...grant, role: 'ARBITER', scope: '*' } as never }));
  return arbiter;
}

async function deliver(stage: Stage, customer: Signed, runner: Signed, id: string): Promise<void> {
  const { mutate } = stage;
  await mutate(runner.client, 'startErrand', ofId, 'errand { id }', { id });
  const proofs = [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }];
  const ofProofs = argumentsOf({ id: 'ID!', proofs: '[ProofInput!]!' });
  await mutate(runner.client, 'submitProof', ofProofs, 'errand { id }', { id, proofs });
  const goods = argumentsOf({ errandId: 'ID!', goodsSpentMinor: 'BigInt' });
  await mutate(customer.client, 'confirmDelivery', goods, 'escrow { id }', { errandId: id, goodsSpentMinor: 5_000 });
}
