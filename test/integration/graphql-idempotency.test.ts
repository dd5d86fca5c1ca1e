import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { getNullableType, isObjectType, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/index.js';
import { uuidv7 } from '../../src/kernel/index.js';
import { ledgerHealth } from '../../src/modules/ledger/index.js';
import type { Answer, GraphqlClient } from '../support/graphql-client.js';
import { agree, errandInput, join, openMarket, post, type Person } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

type Payload = Readonly<Record<string, unknown>> & { readonly isReplay: boolean };

let app: TestApp;
let tenantId: string;
let customer: Person;
let runner: Person;

beforeAll(async () => {
  app = await startTestApp({ timersEveryMs: 3_600_000 });
  tenantId = await openMarket(app.app.db);
  [customer, runner] = [await join(app.client, 'CUSTOMER', 'Ada'), await join(app.client, 'RUNNER', 'Bola')];
});
afterAll(async () => {
  expect(await ledgerHealth(app.app.db.read, tenantId)).toMatchObject({ ok: true });
  await app.close();
});

const errandParts =
  'errand { id title state version budget { minor } pickupAddress pickupPoint { lat lng } expiresAt fundBy customer { displayName } runner { displayName } escrow { id state version } }';
const escrowParts =
  'escrow { id state version gross { minor } funded { minor } fundedAt errand { id state version } runner { displayName } }';
const offerParts = 'offer { id state version amount { minor } expiresAt errand { id state version } }';

interface Call {
  readonly field: string;
  readonly types: Readonly<Record<string, string>>;
  readonly selection: string;
}

const calls = {
  postErrand: { field: 'postErrand', types: { input: 'PostErrandInput!' }, selection: errandParts },
  updateErrand: { field: 'updateErrand', types: { id: 'ID!', input: 'UpdateErrandInput!' }, selection: errandParts },
  publishErrand: { field: 'publishErrand', types: { id: 'ID!' }, selection: errandParts },
  makeOffer: { field: 'makeOffer', types: { errandId: 'ID!', input: 'MakeOfferInput!' }, selection: offerParts },
  withdrawOffer: { field: 'withdrawOffer', types: { offerId: 'ID!' }, selection: offerParts },
  acceptOffer: { field: 'acceptOffer', types: { offerId: 'ID!' }, selection: `${escrowParts} ${errandParts}` },
  topUpWallet: {
    field: 'topUpWallet',
    types: { input: 'TopUpInput!' },
    selection: 'providerRef wallet { balance { minor formatted } }',
  },
  fundEscrow: { field: 'fundEscrow', types: { errandId: 'ID!' }, selection: `${escrowParts} ${errandParts}` },
  startErrand: { field: 'startErrand', types: { id: 'ID!' }, selection: errandParts },
  submitProof: { field: 'submitProof', types: { id: 'ID!', proofs: '[ProofInput!]!' }, selection: errandParts },
  confirmDelivery: {
    field: 'confirmDelivery',
    types: { errandId: 'ID!', goodsSpentMinor: 'BigInt' },
    selection: `${escrowParts} ${errandParts}`,
  },
  cancelErrand: { field: 'cancelErrand', types: { id: 'ID!', reason: 'String' }, selection: errandParts },
} as const satisfies Record<string, Call>;
type Name = keyof typeof calls;

/** Asks for one mutation, with the key as its argument unless it is undefined. */
async function ask(
  client: GraphqlClient,
  name: Name,
  variables: Readonly<Record<string, unknown>>,
  idempotencyKey?: string,
): Promise<Answer<Record<string, Payload>>> {
  const { field, selection, types }: Call = calls[name];
  const names = Object.keys(types).filter((part) => part in variables);
  const declared = [...names.map((part) => `$${part}: ${types[part]}`), '$key: String'].join(', ');
  const given = [...names.map((part) => `${part}: $${part}`), 'idempotencyKey: $key'].join(', ');
  const document = parse(`mutation (${declared}) { ${field}(${given}) { ${selection} isReplay } }`);
  return client.ask(document as TypedDocumentNode<Record<string, Payload>>, { ...variables, key: idempotencyKey });
}

/** The payload. @throws when the answer has errors */
async function mutate(client: GraphqlClient, name: Name, variables: object, key?: string): Promise<Payload> {
  const { data, errors } = await ask(client, name, variables as Record<string, unknown>, key);
  expect(errors).toEqual([]);
  return data![name]!;
}

/** Every row of every table that business is written in. */
async function everything(): Promise<unknown> {
  const counts = await app.app.db.read.$queryRaw`
    SELECT (SELECT json_agg(e ORDER BY id) FROM errand e) AS errands, (SELECT json_agg(o ORDER BY id) FROM offer o) AS offers,
      (SELECT json_agg(e ORDER BY id) FROM escrow e) AS escrows, (SELECT json_agg(c ORDER BY id) FROM charge c) AS charges,
      (SELECT json_agg(p ORDER BY id) FROM proof p) AS proofs, (SELECT count(*)::int FROM journal) AS journals,
      (SELECT count(*)::int FROM process_event) AS events, (SELECT count(*)::int FROM outbox) AS news,
      (SELECT count(*)::int FROM idempotency_record) AS records`;
  return counts;
}

const naira = (minor: number) => ({ minor, currency: 'NGN' as const });
const idOf = (payload: Payload, part: string): string => (payload[part] as { id: string }).id;
const proofs = [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }];

/** Asks three times with one key. The first answer moves something, the others move nothing and are the same. */
async function thrice(client: GraphqlClient, name: Name, variables: object): Promise<Payload> {
  const key = uuidv7();
  const first = await mutate(client, name, variables, key);
  expect(first.isReplay).toBe(false);
  const after = await everything();
  for (let again = 0; again < 2; again += 1) {
    expect(await mutate(client, name, variables, key)).toEqual({ ...first, isReplay: true });
  }
  expect(await everything()).toEqual(after);
  return first;
}

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
    const before = await everything();
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
    expect(await everything()).toEqual(before);
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

describe('the header Idempotency-Key', () => {
  const withHeader = (key: string) => customer.client.with({ 'idempotency-key': key });

  it.each([
    ['in quotes', (key: string) => `"${key}"`],
    ['bare', (key: string) => key],
  ])('does the same as the argument, %s', async (_form, write) => {
    const key = uuidv7();
    const variables = { input: errandInput() };
    const first = await mutate(withHeader(write(key)), 'postErrand', variables);
    expect(first.isReplay).toBe(false);
    expect(await mutate(withHeader(write(key)), 'postErrand', variables)).toEqual({ ...first, isReplay: true });
    expect(await mutate(customer.client, 'postErrand', variables, key)).toEqual({ ...first, isReplay: true });
  });

  it('is refused beside an argument that says otherwise, and when it is no key', async () => {
    const variables = { input: errandInput() };
    const before = await everything();
    const other = await ask(withHeader('"one"'), 'postErrand', variables, 'other');
    expect(other.errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    for (const header of ['"open', 'a"b', '"a"; p=1', '""', 'two words']) {
      expect(await ask(withHeader(header), 'postErrand', variables)).toMatchObject({
        status: 400,
        errors: [{ extensions: { code: 'BAD_INPUT' } }],
      });
    }
    expect(await everything()).toEqual(before);
  });

  it('is refused for several mutations at once, and for one that takes no key', async () => {
    const documents = [
      'mutation ($input: PostErrandInput!) { one: postErrand(input: $input) { isReplay } ...two } fragment two on Mutation { two: postErrand(input: $input) { isReplay } }',
      'mutation { updateProfile(input: { bio: "Quick." }) { user { id } } }',
    ];
    const before = await everything();
    for (const text of documents) {
      const document = parse(text) as TypedDocumentNode<object>;
      const variables = text.includes('$input') ? { input: errandInput() } : {};
      const { errors } = await withHeader(uuidv7()).ask(document, variables);
      expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_INPUT' } });
    }
    expect(await everything()).toEqual(before);
  });

  it('changes nothing for queries', async () => {
    const { errors, data } = await withHeader('"x"').ask(
      parse('{ __typename me { id } }') as TypedDocumentNode<object>,
    );
    expect([errors, data]).toEqual([[], { __typename: 'Query', me: { id: customer.id } }]);
  });
});

describe('the schema', () => {
  it('has a key on every mutation whose answer can be a replay, and on no other', async () => {
    const fields = Object.values((await createSchema()).getMutationType()!.getFields());
    const replayable = fields.filter(({ type }) => {
      const payload = getNullableType(type);
      return isObjectType(payload) && 'isReplay' in payload.getFields();
    });
    const keyed = fields.filter(({ args }) => args.some(({ name }) => name === 'idempotencyKey'));
    expect(replayable.map(({ name }) => name)).toEqual(keyed.map(({ name }) => name));
  });
});
