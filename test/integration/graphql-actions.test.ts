import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/kernel/index.js';
import {
  ConfirmDeliveryDocument,
  DisputeActionsDocument,
  ErrandActionBoardDocument,
  ErrandActionsDocument,
  FundEscrowDocument,
  MakeOfferDocument,
  OfferActionsDocument,
  StartErrandDocument,
  SubmitProofDocument,
  TopUpWalletDocument,
} from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { agree, dispute, fund, join, openMarket, post, type Person } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let aheadMs = 0;
const clock: Clock = { now: () => new Date(Date.now() + aheadMs) };
const statements: string[] = [];
let app: TestApp;
let customer: Person;
let runner: Person;
let rival: Person;

beforeAll(async () => {
  app = await startTestApp({ clock, onStatement: (sql) => statements.push(sql), timersEveryMs: 3_600_000 });
  await openMarket(app.app.db);
  customer = await join(app.client, 'CUSTOMER');
  runner = await join(app.client, 'RUNNER');
  rival = await join(app.client, 'RUNNER');
});
afterAll(() => app.close());

async function ask(client: GraphqlClient, id: string, onlyEnabled = false) {
  const { data, cacheStatus } = await client.ask(ErrandActionsDocument, { id, onlyEnabled });
  return { actions: data!.errand.allowedActions, isHit: cacheStatus.includes('; hit') };
}

async function enabled(client: GraphqlClient, id: string): Promise<readonly string[]> {
  return (await ask(client, id, true)).actions.map(({ name }) => name);
}

const ngn = (minor: number, formatted: string) => ({ minor, currency: 'NGN', formatted });

describe('errand { allowedActions }', () => {
  it('tells each viewer of their own part only, and nothing to who has none', async () => {
    const id = await post(customer);
    const names = async ({ client }: { client: GraphqlClient }) =>
      (await ask(client, id)).actions.map(({ name }) => name);
    expect(await names(customer)).toContain('ACCEPT_OFFER');
    expect(await names(customer)).not.toContain('PLACE_OFFER');
    expect(await names(runner)).toEqual(['PLACE_OFFER', 'ANSWER_COUNTER', 'ACCEPT_COUNTER']);
    expect(await names(await join(app.client, 'CUSTOMER'))).toEqual([]);
    expect(await names(app)).toEqual([]);
  });

  it('says why not, as the mutation would, and until when', async () => {
    const id = await post(customer);
    await agree(customer, runner, id);
    const { actions } = await ask(customer.client, id);
    const funding = actions.find(({ name }) => name === 'FUND_FROM_WALLET')!;
    const refused = await customer.client.ask(FundEscrowDocument, { errandId: id });
    const { message, extensions } = refused.errors![0]!;
    expect(funding).toMatchObject({ mutation: 'fundEscrow', enabled: false, postings: null });
    expect(funding.reasons).toEqual([{ code: extensions!['code'], message }]);
    expect(Date.parse(funding.deadline!) - clock.now().getTime()).toBeGreaterThan(23 * 3_600_000);
    await customer.client.get(TopUpWalletDocument, { input: { amount: { minor: 300_000, currency: 'NGN' } } });
    expect(await enabled(customer.client, id)).toEqual(['FUND_FROM_WALLET', 'CANCEL_FREE', 'AGREE_MILESTONES']);
    await customer.client.get(FundEscrowDocument, { errandId: id });
    expect(await enabled(customer.client, id)).toEqual(['CANCEL_ASSIGNED', 'AGREE_MILESTONES', 'ISSUE_HANDOVER_CODE']);
    expect(await enabled(runner.client, id)).toEqual(['START', 'RUNNER_DROP']);
  });

  it('shows the bookings to the minor unit, with one’s own wallet as one’s own', async () => {
    const id = await post(customer);
    await agree(customer, runner, id);
    await fund(customer, id);
    await runner.client.get(StartErrandDocument, { id });
    await runner.client.get(SubmitProofDocument, { id, proofs: [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }] });
    const confirming = async () => (await ask(customer.client, id)).actions.find(({ name }) => name === 'CONFIRM')!;
    expect((await confirming()).postings).toEqual([
      { from: 'ESCROW_SERVICE', to: 'COMMISSION', amount: ngn(30_000, 'NGN 300.00') },
      { from: 'ESCROW_SERVICE', to: 'VAT', amount: ngn(2_250, 'NGN 22.50') },
      { from: 'ESCROW_SERVICE', to: 'RUNNER_WALLET', amount: ngn(267_750, 'NGN 2,677.50') },
    ]);
    await customer.client.get(ConfirmDeliveryDocument, { errandId: id });
    const { enabled: isEnabled, postings, reasons } = await confirming();
    expect({ isEnabled, postings, code: reasons[0]!.code }).toEqual({
      isEnabled: false,
      postings: null,
      code: 'ILLEGAL_TRANSITION',
    });
  });

  it('goes by the clock and the wallet of the moment, also when the errand comes from the cache', async () => {
    const id = await post(customer, { expiresAt: new Date(clock.now().getTime() + 5 * 60_000).toISOString() });
    expect((await ask(rival.client, id)).isHit).toBe(false);
    expect(await enabled(rival.client, id)).toEqual(['PLACE_OFFER']);
    aheadMs += 6 * 60_000;
    const { actions, isHit } = await ask(rival.client, id);
    expect(isHit).toBe(true);
    const over = { enabled: false, reasons: [{ code: 'ILLEGAL_TRANSITION' }] };
    const names = ['PLACE_OFFER', 'ANSWER_COUNTER', 'ACCEPT_COUNTER'];
    expect(actions).toMatchObject(names.map((name) => ({ name, ...over })));
  });

  it('takes as many statements for twelve errands as for two', async () => {
    const area = 'Ikoyi';
    for (let count = 0; count < 12; count += 1) {
      const id = await post(customer, { area });
      if (count % 3 === 0) await agree(customer, runner, id);
      if (count % 6 === 0) await fund(customer, id);
      if (count === 0) await dispute(runner, customer, id);
    }
    const cost = async (first: number): Promise<number> => {
      statements.length = 0;
      const { errands } = await customer.client.get(ErrandActionBoardDocument, { first, area });
      expect(errands.edges).toHaveLength(first);
      for (const { node } of errands.edges) expect(node.allowedActions.some((action) => action.enabled)).toBe(true);
      return statements.filter((sql) => !sql.includes('row_change') && !/^(BEGIN|COMMIT|ROLLBACK|SET)/i.test(sql))
        .length;
    };
    const many = await cost(12);
    expect(many).toBeLessThanOrEqual(14);
    expect(await cost(2)).toBeLessThanOrEqual(many);
  });
});

describe('offers and disputes', () => {
  it('say what can be done with them, to the one whose it is', async () => {
    const errandId = await post(customer);
    await agree(customer, runner, await post(customer));
    const { makeOffer } = await rival.client.get(MakeOfferDocument, { errandId, input: { amountMinor: 100_000 } });
    const shown = async ({ client }: Person) =>
      (await client.get(OfferActionsDocument, { errandId })).offers.map(({ id, allowedActions }) => ({
        id,
        can: allowedActions.map(({ name, enabled: isEnabled, postings }) => ({ name, isEnabled, postings })),
      }));
    const one = (...names: string[]) => [
      { id: makeOffer.offer.id, can: names.map((name) => ({ name, isEnabled: true, postings: [] })) },
    ];
    expect(await shown(rival)).toEqual(one('WITHDRAW'));
    expect(await shown(customer)).toEqual(one('ACCEPT', 'COUNTER'));
  });

  it('of a dispute, only what is about it', async () => {
    const id = await post(customer);
    await agree(customer, runner, id);
    await fund(customer, id);
    const disputeId = await dispute(runner, customer, id);
    const can = async ({ client }: Person) => {
      const { allowedActions } = (await client.get(DisputeActionsDocument, { id: disputeId })).dispute;
      return Object.fromEntries(allowedActions.map(({ name, enabled: isEnabled }) => [name, isEnabled]));
    };
    const always = { ADD_EVIDENCE: true, APPEAL_DISPUTE: false };
    expect(await can(customer)).toEqual({ ...always, RESPOND_TO_DISPUTE: false, WITHDRAW_DISPUTE: true });
    expect(await can(runner)).toEqual({ ...always, RESPOND_TO_DISPUTE: true, WITHDRAW_DISPUTE: false });
  });
});
