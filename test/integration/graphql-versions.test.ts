import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/index.js';
import { everything, naira, proofs } from '../support/keyed-calls.js';
import { agree, fund, join, openMarket, post, type Person } from '../support/market.js';
import { joinAs } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface Versioned {
  readonly id: string;
  readonly version: number;
}
type Payload = Readonly<Record<'errand' | 'offer' | 'dispute', Versioned>>;

let app: TestApp;
let tenantId: string;
let customer: Person;
let runner: Person;

beforeAll(async () => {
  app = await startTestApp({ timersEveryMs: 3_600_000 });
  tenantId = await openMarket(app.app.db);
  [customer, runner] = [await join(app.client, 'CUSTOMER'), await join(app.client, 'RUNNER')];
});
afterAll(() => app.close());

async function ask(who: Person, field: string, given: string, expectedVersion: number, selection: string) {
  const declared = given.includes('$proofs') ? '($proofs: [ProofInput!]!)' : '';
  const text = `mutation ${declared} { ${field}(${given}, expectedVersion: ${expectedVersion}) { ${selection} } }`;
  const document = parse(text);
  return who.client.ask(document as TypedDocumentNode<Record<string, Payload>>, { proofs } as never);
}

async function versionOf(id: string): Promise<number> {
  return (await app.app.db.read.errand.findUniqueOrThrow({ where: { id } })).version;
}

/** Asks with the version of before and of after, which nothing may come of, and then with the right one. */
async function guarded(
  who: Person,
  field: string,
  given: string,
  version: number,
  parts = ['errand'],
): Promise<Payload> {
  const selection = parts.map((part) => `${part} { id version }`).join(' ');
  const before = await everything(app.app.db);
  for (const wrong of [version - 1, version + 1]) {
    const { errors } = await ask(who, field, given, wrong, selection);
    expect(errors, field).toMatchObject([{ extensions: { code: 'VERSION_CONFLICT', retryable: false } }]);
  }
  expect(await everything(app.app.db), field).toEqual(before);
  const { data, errors } = await ask(who, field, given, version, selection);
  expect(errors, field).toEqual([]);
  return data![field]!;
}

describe('a change that names another version than there is', () => {
  it('is refused and changes nothing, on the whole road from the draft to its pay', async () => {
    const id = await post(customer, { publish: false });
    const one = `id: "${id}"`;
    const updated = await guarded(customer, 'updateErrand', `${one}, input: { title: "Another" }`, 1);
    const published = await guarded(customer, 'publishErrand', one, updated.errand.version);
    const make = `errandId: "${id}", input: { amountMinor: 1000 }`;
    const open = published.errand.version;
    const first = await guarded(runner, 'makeOffer', make, open, ['offer', 'errand']);
    await guarded(runner, 'withdrawOffer', `offerId: "${first.offer.id}"`, first.offer.version, ['offer']);
    const second = await guarded(runner, 'makeOffer', make, open, ['offer', 'errand']);
    const priced = (offer: Versioned) => `offerId: "${offer.id}", input: { amountMinor: 999 }`;
    const countered = await guarded(customer, 'counterOffer', priced(second.offer), open, ['offer', 'errand']);
    const answered = await guarded(runner, 'answerCounter', priced(countered.offer), open, ['offer', 'errand']);
    const accepted = await guarded(customer, 'acceptOffer', `offerId: "${answered.offer.id}"`, answered.errand.version);
    const topUp = parse('mutation ($input: TopUpInput!) { topUpWallet(input: $input) { isReplay } }');
    await customer.client.get(topUp as TypedDocumentNode<object>, { input: { amount: naira(1_000) } } as never);
    const funded = await guarded(customer, 'fundEscrow', `errandId: "${id}"`, accepted.errand.version);
    const started = await guarded(runner, 'startErrand', one, funded.errand.version);
    const delivered = await guarded(runner, 'submitProof', `${one}, proofs: $proofs`, started.errand.version);
    const confirmed = await guarded(customer, 'confirmDelivery', `errandId: "${id}"`, delivered.errand.version);
    expect(confirmed.errand.version).toBe(delivered.errand.version + 1);
    const haggled = await post(customer);
    const { offer } = await guarded(runner, 'makeOffer', `errandId: "${haggled}", input: { amountMinor: 5 }`, 2, [
      'offer',
    ]);
    const named = await guarded(customer, 'counterOffer', priced(offer), 2, ['offer']);
    await guarded(runner, 'acceptCounter', `offerId: "${named.offer.id}"`, 2);
    await guarded(customer, 'cancelErrand', `id: "${await post(customer)}"`, 2);
  });

  it('is refused and changes nothing, when money moves in steps, on top, by receipt or by code', async () => {
    const id = await post(customer, { goodsBudget: naira(1_000), goodsInAdvance: true });
    await agree(customer, runner, id);
    const one = `errandId: "${id}"`;
    const step = 'milestones: [{ title: "All", amountMinor: 300000 }]';
    const agreed = await guarded(customer, 'agreeMilestones', `${one}, ${step}`, await versionOf(id));
    await fund(customer, id, 400_000);
    const topped = `${one}, serviceMinor: 1, goodsMinor: 1`;
    const { errand } = await guarded(customer, 'topUpEscrow', topped, agreed.errand.version + 1);
    const phase = `${one}, phase: DROPOFF`;
    await guarded(customer, 'issueHandoverCode', phase, errand.version);
    const started = await guarded(runner, 'startErrand', `id: "${id}"`, errand.version);
    const receipt = `receipts: [{ amountMinor: 1, sha256: "${'ab'.repeat(32)}" }]`;
    const shown = await guarded(runner, 'addReceipts', `${one}, ${receipt}`, started.errand.version);
    const paid = await guarded(customer, 'releaseMilestone', `${one}, seq: 1`, shown.errand.version);
    const tipped = await guarded(customer, 'tipRunner', `${one}, amountMinor: 1`, paid.errand.version);
    const issue = parse(`mutation { issueHandoverCode(${phase}) { code } }`);
    const issued = await customer.client.get(issue as TypedDocumentNode<{ issueHandoverCode: { code: string } }>);
    const { code } = issued.issueHandoverCode;
    const done = await guarded(runner, 'confirmByCode', `${one}, code: "${code}"`, tipped.errand.version);
    expect(done.errand.version).toBe(started.errand.version + 4);
  });

  it('is refused and changes nothing, when it is about a dispute or gives an errand back', async () => {
    const arbiter = await joinAs(app.app.db, app.client, tenantId, 'ARBITER');
    const admin = await joinAs(app.app.db, app.client, tenantId, 'ADMIN');
    const errandId = await post(customer, { budget: naira(20_000_000) });
    await agree(customer, runner, errandId, 10_000_001);
    await fund(customer, errandId, 10_000_001);
    const both = ['dispute', 'errand'];
    const { errand } = await guarded(runner, 'startErrand', `id: "${errandId}"`, await versionOf(errandId));
    const open = `errandId: "${errandId}", input: { reason: "It never came to me.", claimMinor: 1 }`;
    const first = await guarded(customer, 'openDispute', open, errand.version, both);
    const taken = `disputeId: "${first.dispute.id}"`;
    const withdrawn = await guarded(customer, 'withdrawDispute', taken, first.dispute.version, both);
    const { dispute } = await guarded(customer, 'openDispute', open, withdrawn.errand.version, both);
    const one = `disputeId: "${dispute.id}"`;
    const answer = `${one}, input: { statement: "It did." }`;
    const responded = await guarded(runner, 'respondToDispute', answer, dispute.version, both);
    const piece = `${one}, evidence: [{ kind: PHOTO, sha256: "${'ab'.repeat(32)}" }]`;
    await guarded(runner, 'addEvidence', piece, responded.dispute.version, both);
    const verdict = `${one}, input: { outcome: REFUND, reason: "The photos show it." }`;
    const proposed = await guarded(arbiter, 'proposeResolution', verdict, responded.dispute.version, both);
    const waiting = await app.app.db.read.disputeDecision.findFirstOrThrow({ where: { disputeId: dispute.id } });
    const approval = `${one}, decisionId: "${waiting.id}"`;
    const approved = await guarded(admin, 'approveResolution', approval, proposed.dispute.version, both);
    const appealed = await guarded(
      runner,
      'appealDispute',
      `${one}, reason: "Look again."`,
      approved.dispute.version,
      both,
    );
    expect(appealed.dispute.version).toBe(approved.dispute.version + 1);

    const another = await post(customer);
    await agree(customer, runner, another);
    await fund(customer, another);
    await guarded(runner, 'dropErrand', `id: "${another}"`, await versionOf(another));

    const paid = await post(customer);
    await agree(customer, runner, paid);
    await guarded(customer, 'payForErrand', `errandId: "${paid}"`, await versionOf(paid));
  });
});

describe('the schema', () => {
  it('lets every mutation of an object that is there already say which version it means', async () => {
    const fields = Object.values((await createSchema()).getMutationType()!.getFields());
    const named = /^(id|errandId|offerId|escrowId|disputeId)$/;
    const unguarded = fields.filter(
      ({ args }) => args.some(({ name }) => named.test(name)) && !args.some(({ name }) => name === 'expectedVersion'),
    );
    expect(unguarded.map(({ name }) => name)).toEqual([]);
  });
});
