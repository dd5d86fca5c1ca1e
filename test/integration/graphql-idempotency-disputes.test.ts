import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../src/kernel/index.js';
import { ledgerHealth } from '../../src/modules/ledger/index.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { ask, everything, idOf, mutate, thrice as askThrice, type Name, type Payload } from '../support/keyed-calls.js';
import { agree, fund, join, openMarket, post, type Person } from '../support/market.js';
import { joinAs } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let tenantId: string;
let customer: Person;
let runner: Person;
let arbiter: Person;
let admin: Person;

beforeAll(async () => {
  app = await startTestApp({ timersEveryMs: 3_600_000 });
  tenantId = await openMarket(app.app.db);
  [customer, runner] = [await join(app.client, 'CUSTOMER', 'Ada'), await join(app.client, 'RUNNER', 'Bola')];
  arbiter = await joinAs(app.app.db, app.client, tenantId, 'ARBITER');
  admin = await joinAs(app.app.db, app.client, tenantId, 'ADMIN');
});
afterAll(async () => {
  const health = await ledgerHealth(app.app.db.read, tenantId);
  await app.close();
  if (!health.ok) throw new Error(`the books do not hold together: ${inspect(health)}`);
});

const thrice = (client: GraphqlClient, name: Name, variables: object): Promise<Payload> =>
  askThrice(app.app.db, client, name, variables);
const evidence = [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }];
const opening = { reason: 'It never came to my door.', claimMinor: 1_000, evidence };
const refund = { outcome: 'REFUND', reason: 'The photos show it.' };

async function started(amountMinor = 300_000): Promise<string> {
  const errandId = await post(customer, { budget: { minor: 20_000_000, currency: 'NGN' } });
  await agree(customer, runner, errandId, amountMinor);
  await fund(customer, errandId, amountMinor);
  await mutate(runner.client, 'startErrand', { id: errandId });
  return errandId;
}

describe('a mutation about a dispute that is repeated with its idempotency key', () => {
  it('takes effect once and is answered the same, from opening to the last kobo', async () => {
    const errandId = await started(10_000_001);
    const first = idOf(await thrice(customer.client, 'openDispute', { errandId, input: opening }), 'dispute');
    await thrice(customer.client, 'withdrawDispute', { disputeId: first });
    const disputeId = idOf(await thrice(customer.client, 'openDispute', { errandId, input: opening }), 'dispute');
    const response = { statement: 'It did.', evidence };
    await thrice(runner.client, 'respondToDispute', { disputeId, input: response });
    await thrice(customer.client, 'addEvidence', { disputeId, evidence });
    const proposed = await thrice(arbiter.client, 'proposeResolution', { disputeId, input: refund });
    const { decisions } = proposed['dispute'] as { decisions: readonly { id: string }[] };
    await thrice(admin.client, 'approveResolution', { disputeId, decisionId: decisions[0]!.id });
    await thrice(runner.client, 'appealDispute', { disputeId, reason: 'Look again.' });
    const judges = [await joinAs(app.app.db, app.client, tenantId, 'ARBITER')];
    judges.push(await joinAs(app.app.db, app.client, tenantId, 'ARBITER'));
    const again = await thrice(judges[0]!.client, 'proposeResolution', { disputeId, input: refund });
    const { decisions: both } = again['dispute'] as { decisions: readonly { id: string }[] };
    const ended = await thrice(judges[1]!.client, 'approveResolution', { disputeId, decisionId: both[1]!.id });
    expect(ended).toMatchObject({ dispute: { state: 'FINAL' }, errand: { state: 'CANCELLED' } });
  });

  it('is answered as of then, dispute and errand, also when both have moved on since', async () => {
    const errandId = await started();
    const key = uuidv7();
    const opened = await mutate(customer.client, 'openDispute', { errandId, input: opening }, key);
    await mutate(customer.client, 'withdrawDispute', { disputeId: idOf(opened, 'dispute') });
    await mutate(runner.client, 'openDispute', { errandId, input: opening });
    expect(await mutate(customer.client, 'openDispute', { errandId, input: opening }, key)).toEqual({
      ...opened,
      isReplay: true,
    });
    expect(opened).toMatchObject({
      dispute: {
        state: 'AWAITING_RESPONSE',
        errand: { state: 'DISPUTED', dispute: { id: idOf(opened, 'dispute'), state: 'AWAITING_RESPONSE' } },
      },
      errand: { state: 'DISPUTED' },
    });
  });

  it('is refused with another request, and to an arbiter who is none any more', async () => {
    const errandId = await started();
    const key = uuidv7();
    const opened = await mutate(customer.client, 'openDispute', { errandId, input: opening }, key);
    const disputeId = idOf(opened, 'dispute');
    await mutate(runner.client, 'respondToDispute', { disputeId, input: { statement: 'It did.' } });
    const judge = await joinAs(app.app.db, app.client, tenantId, 'ARBITER');
    await mutate(judge.client, 'proposeResolution', { disputeId, input: refund }, key);
    await app.app.db.write((tx) => tx.roleGrant.deleteMany({ where: { tenantId, userId: judge.id, role: 'ARBITER' } }));
    const before = await everything(app.app.db);
    const other = { errandId, input: { ...opening, claimMinor: 1_001 } };
    const { errors } = await ask(customer.client, 'openDispute', other, key);
    expect(errors).toMatchObject([{ extensions: { code: 'IDEMPOTENCY_CONFLICT' } }]);
    const demoted = await ask(judge.client, 'proposeResolution', { disputeId, input: refund }, key);
    expect(demoted.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect(await everything(app.app.db)).toEqual(before);
  });
});

describe('giving an errand back, repeated with its idempotency key', () => {
  it('takes effect once and is answered the same, also when the errand has a new escrow since', async () => {
    const id = await started();
    const key = uuidv7();
    const dropped = await mutate(runner.client, 'dropErrand', { id, reason: 'My bike broke.' }, key);
    expect(dropped).toMatchObject({
      escrow: { state: 'REFUNDED', refunded: { minor: 300_000 } },
      errand: { state: 'OPEN' },
      isReplay: false,
    });
    await agree(customer, await join(app.client, 'RUNNER'), id);
    const before = await everything(app.app.db);
    expect(await mutate(runner.client, 'dropErrand', { id, reason: 'My bike broke.' }, key)).toEqual({
      ...dropped,
      isReplay: true,
    });
    expect(await everything(app.app.db)).toEqual(before);
  });

  it('is not shown to somebody of the staff who is none any more', async () => {
    const clerk = await joinAs(app.app.db, app.client, tenantId, 'SUPPORT');
    const id = await started();
    const key = uuidv7();
    const dropped = await mutate(clerk.client, 'dropErrand', { id }, key);
    expect(await mutate(clerk.client, 'dropErrand', { id }, key)).toEqual({ ...dropped, isReplay: true });
    await app.app.db.write((tx) => tx.roleGrant.deleteMany({ where: { tenantId, userId: clerk.id, role: 'SUPPORT' } }));
    const before = await everything(app.app.db);
    const { data, errors } = await ask(clerk.client, 'dropErrand', { id }, key);
    expect([data, errors]).toMatchObject([null, [{ extensions: { code: 'NOT_FOUND' } }]]);
    expect(await everything(app.app.db)).toEqual(before);
  });
});
