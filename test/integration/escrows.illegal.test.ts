import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prisma } from '../../src/db/index.js';
import { AppError, type UserViewer, type Viewer } from '../../src/kernel/index.js';
import {
  errandStates,
  transitions,
  type ActorKind,
  type ErrandState,
  type TransitionName,
} from '../../src/modules/errands/index.js';
import { newErrand, proof, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.close());

const tables = [
  'errand',
  'offer',
  'escrow',
  'proof',
  'process_event',
  'outbox',
  'charge',
  'ledger_account',
  'journal',
  'journal_line',
];

/** A digest of every row of every table a transition could touch. */
async function fingerprint(): Promise<string> {
  const digests = tables.map(
    (table) =>
      Prisma.sql`SELECT ${table} AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM ${Prisma.raw(table)} t`,
  );
  const rows = await market.db.read.$queryRaw<{ name: string; digest: string }[]>(Prisma.join(digests, ' UNION ALL '));
  return JSON.stringify(rows);
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'done';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** An errand in a state, with an offer that waits: on the main road where that leads there, else put there by hand. */
async function errandIn(state: ErrandState): Promise<{ id: string; offerId: string; escrowId: string }> {
  const { tell, offers, rival, db } = market;
  const isEarly = state === 'DRAFT' || state === 'OPEN';
  const { errand, escrow } = isEarly ? { errand: await tell.open(), escrow: undefined } : await tell.assigned();
  const made = isEarly ? await offers.make(rival, errand.id, { amountMinor: 5n }) : undefined;
  await db.write((tx) => tx.errand.update({ where: { id: errand.id }, data: { state } }));
  return { id: errand.id, offerId: made?.offer.id ?? errand.acceptedOfferId ?? '', escrowId: escrow?.id ?? errand.id };
}

type Kind = Exclude<ActorKind, 'system'>;

describe('illegal (state, transition, actor) triples', () => {
  const calls = (
    viewer: Viewer,
    id: string,
    offerId: string,
  ): Partial<Record<TransitionName, () => Promise<unknown>>> => ({
    publish: () => market.errands.publish(viewer, id),
    placeOffer: () => market.offers.make(viewer, id, { amountMinor: 5n }),
    acceptOffer: () => market.escrows.acceptOffer(viewer, offerId),
    fundFromWallet: () => market.escrows.fund(viewer, id),
    start: () => market.errands.start(viewer, id),
    submitProof: () => market.errands.submitProof(viewer, id, [proof]),
    confirm: () => market.escrows.confirm(viewer, id),
    cancelFree: () => market.escrows.cancel(viewer, id),
  });

  /** What a refused call is told, and undefined where the table lets it through. */
  function refusal(name: TransitionName, state: ErrandState, kind: Kind): string | undefined {
    const rule = transitions[name === 'cancelFree' && state === 'ASSIGNED' ? 'cancelAssigned' : name];
    // Offers are private: who may not see one is not told that it exists. The waiting offer is the rival's.
    const isHidden = state === 'DRAFT' && kind !== 'customer' && kind !== 'staff';
    const offerIsHidden = name === 'acceptOffer' && !offerSeers(state).includes(kind);
    if (isHidden || offerIsHidden) return 'NOT_FOUND';
    const mayAct = kind === rule.actor || (rule.actor === 'runner' && kind === 'assignedRunner');
    if (!mayAct) return 'FORBIDDEN';
    return (rule.from as readonly string[]).includes(state) ? undefined : 'ILLEGAL_TRANSITION';
  }

  function offerSeers(state: ErrandState): readonly Kind[] {
    return ['customer', 'staff', state === 'DRAFT' || state === 'OPEN' ? 'runner' : 'assignedRunner'];
  }

  it.each(errandStates)('are typed errors that change no row of an errand that is %s', async (state) => {
    const { id, offerId } = await errandIn(state);
    const people: Record<Kind, UserViewer> = {
      customer: market.customer,
      runner: market.rival,
      assignedRunner: market.runner,
      staff: market.staff,
      stranger: market.stranger,
    };
    const before = await fingerprint();
    let refused = 0;
    for (const [kind, viewer] of Object.entries(people) as [Kind, UserViewer][]) {
      // Before anybody is accepted nobody is the assigned runner.
      if (kind === 'assignedRunner' && (state === 'DRAFT' || state === 'OPEN')) continue;
      for (const [name, call] of Object.entries(calls(viewer, id, offerId)) as [
        TransitionName,
        () => Promise<unknown>,
      ][]) {
        const expected = refusal(name, state, kind);
        if (expected === undefined) continue;
        refused += 1;
        expect(`${kind} ${name} ${await codeOf(call)}`).toBe(`${kind} ${name} ${expected}`);
      }
    }
    expect(refused).toBeGreaterThanOrEqual(28);
    expect(await fingerprint()).toBe(before);
  });

  it('leave the fingerprint alone only because they are illegal: a legal move changes it', async () => {
    const { id } = await errandIn('DRAFT');
    const before = await fingerprint();
    await market.errands.publish(market.customer, id);
    expect(await fingerprint()).not.toBe(before);
  });
});

describe('refusals with money at hand', () => {
  it('does not fund from a wallet that holds too little, and says how much is short', async () => {
    const { addPerson, tenantId, errands, offers, escrows, wallets, runner } = market;
    const poor = await addPerson(tenantId, 'CUSTOMER');
    const errand = await errands.post(poor, newErrand());
    const { offer } = await offers.make(runner, errand.id, { amountMinor: 100_000n });
    await escrows.acceptOffer(poor, offer.id);
    await wallets.topUp(poor, { amountMinor: 99_999n, currency: 'NGN' });
    const before = await fingerprint();
    await expect(escrows.fund(poor, errand.id)).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      message: 'The wallet holds NGN 999.99 and NGN 1,000.00 is needed: NGN 0.01 short.',
    });
    expect(await fingerprint()).toBe(before);
  });

  it('lets nothing out of an escrow that a dispute holds', async () => {
    const { tell, escrows, customer, db } = market;
    const { errand, escrow } = await tell.delivered();
    await db.write((tx) => tx.escrow.update({ where: { id: escrow.id }, data: { frozenByDispute: errand.id } }));
    const before = await fingerprint();
    await expect(escrows.confirm(customer, errand.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect(await fingerprint()).toBe(before);
  });

  it.each([-1n, 200_001n])('does not confirm with %s spent of a goods budget of 200,000', async (goodsSpent) => {
    const { tell, escrows, customer } = market;
    const { errand } = await tell.delivered({ goodsBudget: { minor: 200_000n, currency: 'NGN' } });
    await expect(escrows.confirm(customer, errand.id, { goodsSpent })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });

  it('accepts an offer only on the version the customer decided on', async () => {
    const { tell, errands, escrows, customer } = market;
    const { errand, offer } = await tell.offered();
    await errands.update(customer, errand.id, { title: errand.title });
    await expect(escrows.acceptOffer(customer, offer.id, errand.version)).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    });
    expect((await escrows.acceptOffer(customer, offer.id, errand.version + 1)).errand.state).toBe('AWAITING_FUNDING');
  });
});

describe('the wallet', () => {
  it('charges a reference once, and refuses it for another amount', async () => {
    const { addPerson, tenantId, wallets } = market;
    const saver = await addPerson(tenantId, 'CUSTOMER');
    const first = await wallets.topUp(saver, { amountMinor: 500n, currency: 'NGN', reference: 'r-1' });
    const again = await wallets.topUp(saver, { amountMinor: 500n, currency: 'NGN', reference: 'r-1' });
    expect([first.isReplay, again.isReplay]).toEqual([false, true]);
    expect([again.charge.id, again.wallet.minor]).toEqual([first.charge.id, 500n]);
    const other = wallets.topUp(saver, { amountMinor: 501n, currency: 'NGN', reference: 'r-1' });
    await expect(other).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect((await wallets.wallet(saver)).minor).toBe(500n);
  });

  it('keeps references apart by user', async () => {
    const { addPerson, tenantId, wallets } = market;
    for (const amountMinor of [700n, 900n]) {
      const saver = await addPerson(tenantId, 'CUSTOMER');
      expect((await wallets.topUp(saver, { amountMinor, currency: 'NGN', reference: 'shared' })).wallet.minor).toBe(
        amountMinor,
      );
    }
  });

  it.each([
    { amountMinor: 0n, currency: 'NGN' },
    { amountMinor: 1_000_000_001n, currency: 'NGN' },
    { amountMinor: 5n, currency: 'KES' },
    { amountMinor: 5n, currency: 'NGN', reference: 'x'.repeat(101) },
  ])('refuses a charge of $amountMinor $currency (case %#) and writes nothing', async (input) => {
    const before = await fingerprint();
    await expect(market.wallets.topUp(market.customer, input)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(await fingerprint()).toBe(before);
  });
});

describe('another tenant', () => {
  it('finds nothing by any id: every call is NOT_FOUND and changes no row', async () => {
    const { tell, addTenant, addPerson, errands, offers, escrows } = market;
    const elsewhere = await addPerson(await addTenant('elsewhere', 'KES'), 'CUSTOMER', 'RUNNER', 'ADMIN');
    const open = await tell.offered();
    const { errand, escrow } = await tell.delivered();
    const before = await fingerprint();
    const attempts: Record<string, () => Promise<unknown>> = {
      get: () => errands.get(elsewhere, errand.id),
      find: () => errands.find(elsewhere.tenantId, errand.id),
      update: () => errands.update(elsewhere, open.errand.id, { title: 'Mine now' }),
      publish: () => errands.publish(elsewhere, open.errand.id),
      start: () => errands.start(elsewhere, errand.id),
      submitProof: () => errands.submitProof(elsewhere, errand.id, [proof]),
      listFor: () => offers.listFor(elsewhere, open.errand.id),
      make: () => offers.make(elsewhere, open.errand.id, { amountMinor: 5n }),
      withdraw: () => offers.withdraw(elsewhere, open.offer.id),
      accept: () => escrows.acceptOffer(elsewhere, open.offer.id),
      fund: () => escrows.fund(elsewhere, errand.id),
      confirm: () => escrows.confirm(elsewhere, errand.id),
      cancel: () => escrows.cancel(elsewhere, errand.id),
      escrow: () => escrows.get(elsewhere, escrow.id),
    };
    const codes = await Promise.all(
      Object.entries(attempts).map(async ([name, attempt]) => `${name} ${await codeOf(attempt)}`),
    );
    expect(codes).toEqual(Object.keys(attempts).map((name) => `${name} NOT_FOUND`));
    const lists = await Promise.all([
      errands.list(elsewhere, {}).then(({ rows }) => rows),
      errands.listMine(elsewhere, {}).then(({ rows }) => rows),
      escrows.list(elsewhere, {}).then(({ rows }) => rows),
      errands.byIds(elsewhere.tenantId, [errand.id]),
      escrows.byErrandIds(elsewhere.tenantId, [errand.id]),
      offers.countsFor(elsewhere.tenantId, [open.errand.id]).then((counts) => [...counts]),
    ]);
    expect(lists.flat()).toEqual([]);
    expect(await fingerprint()).toBe(before);
  });
});

describe('somebody who is not signed in', () => {
  it('may read the market and change nothing', async () => {
    const { tell, tenantId, errands, offers, escrows, wallets } = market;
    const anonymous: Viewer = { kind: 'anonymous', tenantId, roles: new Set() };
    const { errand, offer } = await tell.offered();
    expect((await errands.get(anonymous, errand.id)).id).toBe(errand.id);
    expect(await offers.listFor(anonymous, errand.id)).toEqual([]);
    const codes = await Promise.all(
      [
        () => errands.post(anonymous, newErrand()),
        () => errands.update(anonymous, errand.id, { title: 'Mine now' }),
        () => errands.publish(anonymous, errand.id),
        () => errands.start(anonymous, errand.id),
        () => errands.listMine(anonymous, {}),
        () => offers.make(anonymous, errand.id, { amountMinor: 5n }),
        () => offers.withdraw(anonymous, offer.id),
        () => escrows.acceptOffer(anonymous, offer.id),
        () => escrows.fund(anonymous, errand.id),
        () => escrows.list(anonymous, {}),
        () => wallets.wallet(anonymous),
        () => wallets.topUp(anonymous, { amountMinor: 5n, currency: 'NGN' }),
      ].map(codeOf),
    );
    expect(new Set(codes)).toEqual(new Set(['UNAUTHENTICATED']));
  });
});
