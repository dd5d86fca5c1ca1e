import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GraphqlClient } from '../support/graphql-client.js';
import { agree, fund, join, openMarket, post, type Person } from '../support/market.js';
import { joinAs } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

type Data = Readonly<Record<string, unknown>>;

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

async function ask(client: GraphqlClient, text: string) {
  return client.ask(parse(text) as TypedDocumentNode<Data>, {} as never);
}
/** The data. @throws when the answer has errors */
async function get(client: GraphqlClient, text: string): Promise<Data> {
  const { data, errors } = await ask(client, text);
  expect(errors).toEqual([]);
  return data!;
}

const escrowParts =
  'state version held { minor } service { minor } goods { minor } goodsReceipted { minor } tips { minor } released { minor } milestones { seq title state amount { minor } fees { minor } releasedAt }';

/** An errand of two steps with goods in advance, under way. */
async function started(): Promise<{ id: string; escrowId: string; one: string }> {
  const goodsBudget = { minor: 10_000, currency: 'NGN' as const };
  const id = await post(customer, { goodsBudget, goodsInAdvance: true, requiresCodes: ['DROPOFF'] });
  const escrowId = await agree(customer, runner, id, 300_000);
  const one = `errandId: "${id}"`;
  const steps = 'milestones: [{ title: "There", amountMinor: 100000 }, { title: "Back", amountMinor: 200000 }]';
  await get(customer.client, `mutation { agreeMilestones(${one}, ${steps}) { escrow { version } } }`);
  await fund(customer, id, 400_000);
  await get(runner.client, `mutation { startErrand(id: "${id}") { errand { state } } }`);
  return { id, escrowId, one };
}

describe('money in steps, through the API', () => {
  it('is shown to its two sides as it is after each step, from the cache too', async () => {
    const { id, escrowId, one } = await started();
    const look = async (who: Person) =>
      (await get(who.client, `{ escrow(id: "${escrowId}") { ${escrowParts} } }`))['escrow'] as Data;
    expect(await look(runner)).toMatchObject({
      state: 'FUNDED',
      held: { minor: 310_000 },
      milestones: [
        { seq: 1, title: 'There', state: 'AGREED', amount: { minor: 100_000 }, fees: null, releasedAt: null },
        { seq: 2, title: 'Back', state: 'AGREED', amount: { minor: 200_000 } },
      ],
    });
    const mutation = (field: string, given: string) =>
      `mutation { ${field}(${one}, ${given}) { escrow { ${escrowParts} } } }`;
    const receipts = `receipts: [{ amountMinor: 4000, sha256: "${'ab'.repeat(32)}", note: "Yaba market" }]`;
    for (const [who, text] of [
      [customer, mutation('releaseMilestone', 'seq: 2')],
      [customer, mutation('topUpEscrow', 'goodsMinor: 500')],
      [customer, mutation('tipRunner', 'amountMinor: 700')],
      [runner, mutation('addReceipts', receipts)],
    ] as const) {
      const [answer] = Object.values(await get(who.client, text)) as { escrow: Data }[];
      for (const other of [customer, runner]) expect(await look(other)).toEqual(answer!.escrow);
    }
    // 10 % of 200,000 and 7.5 % of that.
    expect(await look(customer)).toMatchObject({
      state: 'PARTIALLY_RELEASED',
      held: { minor: 106_500 },
      goods: { minor: 10_500 },
      goodsReceipted: { minor: 4_000 },
      tips: { minor: 700 },
      released: { minor: 204_000 },
      milestones: [{ state: 'AGREED' }, { state: 'RELEASED', fees: { minor: 21_500 }, releasedAt: expect.any(String) }],
    });
    const errand = `{ errand(id: "${id}") { goodsInAdvance requiresCodes version } }`;
    expect(await get(runner.client, errand)).toMatchObject({
      errand: { goodsInAdvance: true, requiresCodes: ['DROPOFF'] },
    });
  });

  it('shows proofs, receipts and steps to the two sides and staff, and to nobody else', async () => {
    const { id, escrowId, one } = await started();
    const receipts = `receipts: [{ amountMinor: 4000, sha256: "${'cd'.repeat(32)}", mediaKey: "r/1" }]`;
    await get(runner.client, `mutation { addReceipts(${one}, ${receipts}) { isReplay } }`);
    const [staff, rival] = [
      await joinAs(app.app.db, app.client, tenantId, 'SUPPORT'),
      await join(app.client, 'RUNNER'),
    ];
    const text = `{ errand(id: "${id}") { proofs { kind sha256 mediaKey amount { minor } by { id } } escrow { milestones { seq } } } }`;
    const shown = { kind: 'RECEIPT', sha256: 'cd'.repeat(32), mediaKey: 'r/1', amount: { minor: 4_000 } };
    for (const { client } of [customer, runner, staff])
      expect(await get(client, text)).toEqual({
        errand: { proofs: [{ ...shown, by: { id: runner.id } }], escrow: { milestones: [{ seq: 1 }, { seq: 2 }] } },
      });
    for (const client of [rival.client, app.client])
      expect(await get(client, text)).toEqual({ errand: { proofs: [], escrow: null } });
    const escrow = `{ escrow(id: "${escrowId}") { milestones { title } } }`;
    expect((await ask(rival.client, escrow)).errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });

  it('is moved by the side it belongs to, and told what was wrong', async () => {
    const { id, one } = await started();
    const stranger = await join(app.client, 'CUSTOMER');
    const moves = [
      ['agreeMilestones', 'milestones: []', runner],
      ['releaseMilestone', 'seq: 1', runner],
      ['topUpEscrow', 'serviceMinor: 1', runner],
      ['tipRunner', 'amountMinor: 1', runner],
      ['addReceipts', 'receipts: []', customer],
      ['issueHandoverCode', 'phase: DROPOFF', runner],
      ['confirmByCode', 'code: "000000"', customer],
    ] as const;
    for (const [field, given, other] of moves) {
      const text = `mutation { ${field}(${one}, ${given}) { errand { id } } }`;
      for (const [client, code] of [
        [other.client, 'FORBIDDEN'],
        [stranger.client, 'FORBIDDEN'],
        [app.client, 'UNAUTHENTICATED'],
      ] as const)
        expect((await ask(client, text)).errors, field).toMatchObject([{ extensions: { code } }]);
    }
    const { issueHandoverCode } = await get(
      customer.client,
      `mutation { issueHandoverCode(${one}, phase: DROPOFF) { code phase expiresAt errand { id } } }`,
    );
    const { code } = issueHandoverCode as { code: string };
    expect(issueHandoverCode).toMatchObject({ phase: 'DROPOFF', errand: { id } });
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    const { errors } = await ask(runner.client, `mutation { confirmByCode(${one}, code: "${wrong}") { isReplay } }`);
    expect(errors).toMatchObject([
      {
        message: 'code: is not the DROPOFF code; 4 of 5 guesses are left.',
        extensions: { code: 'BAD_INPUT', fields: [{ path: 'code' }] },
      },
    ]);
    const done = `mutation { confirmByCode(${one}, code: "${code}") { errand { state } escrow { state } } }`;
    expect(await get(runner.client, done)).toEqual({
      confirmByCode: { errand: { state: 'COMPLETED' }, escrow: { state: 'RELEASED' } },
    });
  });
});
