import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { getNullableType, isObjectType, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutationWrites } from '../../scripts/lib/invalidation/observed.js';
import { createSchema } from '../../src/graphql/index.js';
import { uuidv7 } from '../../src/kernel/index.js';
import { ledgerHealth } from '../../src/modules/ledger/index.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import {
  ask,
  everything,
  idOf,
  mutate,
  naira,
  proofs,
  thrice as askThrice,
  type Name,
  type Payload,
} from '../support/keyed-calls.js';
import { agree, errandInput, join, openMarket, post, type Person } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let tenantId: string;
let customer: Person;
let runner: Person;

beforeAll(async () => {
  app = await startTestApp({ timersEveryMs: 3_600_000 });
  tenantId = await openMarket(app.app.db);
  [customer, runner] = [await join(app.client, 'CUSTOMER', 'Ada'), await join(app.client, 'RUNNER', 'Bola')];
});
afterAll(() => app.close());

const thrice = (client: GraphqlClient, name: Name, variables: object): Promise<Payload> =>
  askThrice(app.app.db, client, name, variables);

describe('a mutation that is repeated with its idempotency key', () => {
  it('takes effect once and is answered the same, on the whole road from the errand to its pay', async () => {
    const input = errandInput({
      publish: false,
      goodsBudget: naira(10_000),
      pickupAddress: '1 Allen',
      pickupPoint: { lat: 6.60125, lng: 3.35147 },
    });
    const id = idOf(await thrice(customer.client, 'postErrand', { input }), 'errand');
    await thrice(customer.client, 'updateErrand', { id, input: { title: 'Another parcel' } });
    await thrice(customer.client, 'publishErrand', { id });
    const offer = { errandId: id, input: { amountMinor: 300_000 } };
    const offerId = idOf(await thrice(runner.client, 'makeOffer', offer), 'offer');
    await thrice(runner.client, 'withdrawOffer', { offerId });
    const secondOfferId = idOf(await thrice(runner.client, 'makeOffer', offer), 'offer');
    await thrice(customer.client, 'acceptOffer', { offerId: secondOfferId });
    await thrice(customer.client, 'topUpWallet', { input: { amount: naira(310_000) } });
    await thrice(customer.client, 'fundEscrow', { errandId: id });
    await thrice(runner.client, 'startErrand', { id });
    await thrice(runner.client, 'submitProof', { id, proofs });
    await thrice(customer.client, 'confirmDelivery', { errandId: id, goodsSpentMinor: 5_000 });
    await thrice(customer.client, 'cancelErrand', { id: await post(customer), reason: 'Not needed.' });
    const haggled = { errandId: await post(customer), input: { amountMinor: 300_000 } };
    let last = { offerId: idOf(await mutate(runner.client, 'makeOffer', haggled), 'offer') };
    const other = { input: { amountMinor: 200_000, message: 'And no more.' } };
    for (const [client, name] of [
      [customer.client, 'counterOffer'],
      [runner.client, 'answerCounter'],
      [customer.client, 'counterOffer'],
    ] as const)
      last = { offerId: idOf(await thrice(client, name, { ...last, ...other }), 'offer') };
    await thrice(runner.client, 'acceptCounter', last);
    const paid = await post(customer);
    await agree(customer, runner, paid);
    await thrice(customer.client, 'payForErrand', { errandId: paid });
    expect(await ledgerHealth(app.app.db.read, tenantId)).toMatchObject({ ok: true, imbalance: [{ minor: 0n }] });
  });

  it('takes effect once and is answered the same, when money moves in steps, on top, by receipt or by code', async () => {
    const input = errandInput({ goodsBudget: naira(10_000), goodsInAdvance: true });
    const errandId = idOf(await mutate(customer.client, 'postErrand', { input }), 'errand');
    await agree(customer, runner, errandId);
    const milestones = [
      { title: 'The first half', amountMinor: 150_000 },
      { title: 'The other half', amountMinor: 150_000 },
    ];
    await thrice(customer.client, 'agreeMilestones', { errandId, milestones });
    await mutate(customer.client, 'topUpWallet', { input: { amount: naira(350_000) } });
    await mutate(customer.client, 'fundEscrow', { errandId });
    await thrice(customer.client, 'topUpEscrow', { errandId, serviceMinor: 10_000, goodsMinor: 1_000 });
    await mutate(runner.client, 'startErrand', { id: errandId });
    await thrice(customer.client, 'releaseMilestone', { errandId, seq: 1 });
    await thrice(customer.client, 'tipRunner', { errandId, amountMinor: 500 });
    const receipts = [{ amountMinor: 7_000, sha256: 'ab'.repeat(32), note: 'The market at Yaba' }];
    await thrice(runner.client, 'addReceipts', { errandId, receipts });
    const issue = parse('mutation ($id: ID!) { issueHandoverCode(errandId: $id, phase: DROPOFF) { code } }');
    const issued = await customer.client.get(
      issue as TypedDocumentNode<{ issueHandoverCode: { code: string } }>,
      {
        id: errandId,
      } as never,
    );
    const { code } = issued.issueHandoverCode;
    await thrice(runner.client, 'confirmByCode', { errandId, code });
    expect(await ledgerHealth(app.app.db.read, tenantId)).toMatchObject({ ok: true, imbalance: [{ minor: 0n }] });
  });

  it('is answered as of then, also when what it changed has moved on since', async () => {
    const errandId = await post(customer);
    await agree(customer, runner, errandId);
    const key = uuidv7();
    await customer.client.get(
      parse(
        'mutation { topUpWallet(input: { amount: { minor: 300000, currency: NGN } }) { providerRef } }',
      ) as TypedDocumentNode,
    );
    const funded = await mutate(customer.client, 'fundEscrow', { errandId }, key);
    await mutate(runner.client, 'startErrand', { id: errandId });
    expect(await mutate(customer.client, 'fundEscrow', { errandId }, key)).toEqual({ ...funded, isReplay: true });
    expect(funded).toMatchObject({
      errand: { state: 'ASSIGNED', escrow: { state: 'FUNDED' } },
      escrow: { errand: { state: 'ASSIGNED' } },
    });
  });

  it('may ask for other fields of the same answer', async () => {
    const key = uuidv7();
    const variables = { input: errandInput() };
    const { errand } = await mutate(customer.client, 'postErrand', variables, key);
    const document = parse(
      'mutation ($input: PostErrandInput!, $key: String) { postErrand(input: $input, idempotencyKey: $key) { errand { id description area } isReplay } }',
    );
    const { data } = await customer.client.ask(document as TypedDocumentNode<object>, { ...variables, key });
    const { description, area } = variables.input;
    expect(data).toEqual({
      postErrand: { errand: { id: (errand as { id: string }).id, description, area }, isReplay: true },
    });
  });

  it('is refused with another request, and that one has no effect', async () => {
    const key = uuidv7();
    const [errandId, otherId] = [await post(customer), await post(customer)];
    const made = { errandId, input: { amountMinor: 200_000 } };
    await mutate(runner.client, 'makeOffer', made, key);
    await mutate(customer.client, 'topUpWallet', { input: { amount: naira(100) } }, key);
    const before = await everything(app.app.db);
    const others: readonly (readonly [GraphqlClient, Name, object])[] = [
      [runner.client, 'makeOffer', { ...made, errandId: otherId }],
      [runner.client, 'makeOffer', { ...made, input: { amountMinor: 200_001 } }],
      [runner.client, 'makeOffer', { ...made, input: { amountMinor: 200_000, message: 'Now?' } }],
      [customer.client, 'topUpWallet', { input: { amount: naira(101) } }],
    ];
    for (const [client, name, variables] of others) {
      const { errors, data } = await ask(client, name, variables as Record<string, unknown>, key);
      expect(errors).toMatchObject([{ extensions: { code: 'IDEMPOTENCY_CONFLICT', retryable: false } }]);
      expect(data).toBeNull();
    }
    expect(await everything(app.app.db)).toEqual(before);
  });

  it('is judged anew when it was refused, with the same request or a mended one: a refusal keeps nothing', async () => {
    const errandId = await post(customer);
    await agree(customer, runner, errandId, 349_999);
    const poor = await join(app.client, 'CUSTOMER');
    const key = uuidv7();
    const bad = await ask(poor.client, 'postErrand', { input: errandInput({ title: '' }) }, key);
    expect(bad.errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    expect((await mutate(poor.client, 'postErrand', { input: errandInput() }, key)).isReplay).toBe(false);

    const own = await post(poor);
    await agree(poor, runner, own, 5_000);
    const refused = await ask(poor.client, 'fundEscrow', { errandId: own }, key);
    expect(refused.errors).toMatchObject([{ extensions: { code: 'INSUFFICIENT_FUNDS' } }]);
    await mutate(poor.client, 'topUpWallet', { input: { amount: naira(5_000) } }, key);
    expect((await mutate(poor.client, 'fundEscrow', { errandId: own }, key)).isReplay).toBe(false);
    expect((await mutate(poor.client, 'fundEscrow', { errandId: own }, key)).isReplay).toBe(true);
  });

  it('has effects of their own without a key, and says that they are no replay', async () => {
    const variables = { input: errandInput() };
    const [first, second] = [
      await mutate(customer.client, 'postErrand', variables),
      await mutate(customer.client, 'postErrand', variables),
    ];
    expect([first.isReplay, second.isReplay]).toEqual([false, false]);
    expect(idOf(first, 'errand')).not.toBe(idOf(second, 'errand'));
  });
});

describe('an idempotency key', () => {
  it("is its actor's and its operation's own", async () => {
    const key = uuidv7();
    const errandId = await post(customer);
    const rival = await join(app.client, 'RUNNER');
    const offer = { errandId, input: { amountMinor: 1_000 } };
    const [one, other] = [
      await mutate(runner.client, 'makeOffer', offer, key),
      await mutate(rival.client, 'makeOffer', offer, key),
    ];
    expect(idOf(one, 'offer')).not.toBe(idOf(other, 'offer'));
    expect(other.isReplay).toBe(false);
    expect((await mutate(runner.client, 'withdrawOffer', { offerId: idOf(one, 'offer') }, key)).isReplay).toBe(false);
  });

  it('does not show a replay to whoever lost the role that the call needs', async () => {
    const key = uuidv7();
    const leaver = await join(app.client, 'RUNNER');
    const offer = { errandId: await post(customer), input: { amountMinor: 1_000 } };
    await mutate(leaver.client, 'makeOffer', offer, key);
    await app.app.db.write((tx) => tx.roleGrant.deleteMany({ where: { tenantId, userId: leaver.id } }));
    expect((await ask(leaver.client, 'makeOffer', offer, key)).errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN' } },
    ]);
    expect((await ask(app.client, 'makeOffer', offer, key)).errors).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ]);
  });

  it.each(['', 'k'.repeat(256)])('of a length that is not 1 to 255 is bad input (%#)', async (key) => {
    const { errors } = await ask(customer.client, 'postErrand', { input: errandInput() }, key);
    expect(errors).toMatchObject([
      { message: `idempotencyKey: takes 1 to 255 characters, got ${key.length}.`, extensions: { code: 'BAD_INPUT' } },
    ]);
  });

  it('may be 255 characters of any script', async () => {
    const key = 'ọ̀'.repeat(127);
    const first = await mutate(customer.client, 'postErrand', { input: errandInput() }, key);
    expect(await mutate(customer.client, 'postErrand', { input: errandInput() }, key)).toEqual({
      ...first,
      isReplay: true,
    });
  });

  it('of a top-up does not go together with a reference', async () => {
    const { errors } = await ask(
      customer.client,
      'topUpWallet',
      { input: { amount: naira(1), reference: 'r' } },
      uuidv7(),
    );
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_INPUT', fields: [{ path: 'input.reference' }] } }]);
  });
});

/** Each is once by nature. */
const onceWithoutKey: Readonly<Record<string, string>> = {
  closeAccount: 'it ends the session that it is called with',
  recordChargeback: "the provider's event names it; a second call is answered with the journal of the first",
  reverseJournal: 'the journal names it; a second call is refused, and nothing moves',
  verifyCharge: 'what the provider says of the charge is booked once, whoever asks for it',
};

describe('the schema', () => {
  it('has a key on every mutation whose answer can be a replay, and on no other', async () => {
    const fields = Object.values((await createSchema()).getMutationType()!.getFields());
    const replayable = fields.filter(({ type, name }) => {
      const payload = getNullableType(type);
      return isObjectType(payload) && 'isReplay' in payload.getFields() && !(name in onceWithoutKey);
    });
    const keyed = fields.filter(({ args }) => args.some(({ name }) => name === 'idempotencyKey'));
    expect(replayable.map(({ name }) => name)).toEqual(keyed.map(({ name }) => name));
  });

  it('has a key on every mutation that writes what errands, disputes and the books show, but what is once by nature', async () => {
    const fields = Object.values((await createSchema()).getMutationType()!.getFields());
    const without = fields.filter(({ args }) => !args.some(({ name }) => name === 'idempotencyKey'));
    const told = new Set<string>(['Dispute', 'DisputeEvidence', 'Errand', 'Escrow', 'Journal', 'Offer']);
    const unkeyed = without.filter(({ name }) => mutationWrites[name]?.some((model) => told.has(model)));
    expect(unkeyed.map(({ name }) => name).toSorted()).toEqual(Object.keys(onceWithoutKey).toSorted());
  });
});
