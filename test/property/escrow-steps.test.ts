import { array, assert, bigInt, boolean, constantFrom, integer, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/kernel/index.js';
import {
  decide,
  systemActor,
  type Actor,
  type Errand,
  type Facts,
  type Offer,
  type Settlement,
  type TransitionName,
} from '../../src/modules/errands/index.js';
import { disputeSettlement } from '../../src/modules/disputes/index.js';
import {
  cancellationSettlement,
  deliverySettlement,
  fundedPatch,
  milestonePatch,
  milestoneShare,
  moneyFactsOf,
  newEscrowRow,
  partsOf,
  receiptsPatch,
  settledPatch,
  silentSettlement,
  topUpPatch,
  type Escrow,
  type PaidService,
} from '../../src/modules/escrows/index.js';
import {
  accounts,
  applyPostings,
  balanceOfTotals,
  emptyTotals,
  type AccountTotals,
} from '../../src/modules/ledger/index.js';

const rates = record({
  commissionBps: integer({ min: 0, max: 5_000 }),
  vatBps: integer({ min: 0, max: 10_000 }),
  cancellationBps: integer({ min: 0, max: 10_000 }),
  freeCancelMinutes: integer({ min: 0, max: 60 }),
});
const amount = bigInt({ min: 1n, max: 1_000_000n });
const nothingPaid: PaidService = { service: 0n, commission: 0n, vat: 0n };

function addTo(paid: PaidService, step: bigint, { commission, vat }: { commission: bigint; vat: bigint }): PaidService {
  return { service: paid.service + step, commission: paid.commission + commission, vat: paid.vat + vat };
}

describe('the service part, paid in any steps', () => {
  it('gives everybody in all what one settlement of the whole gives them, to the last minor unit', () => {
    assert(
      property(
        rates,
        array(amount, { minLength: 1, maxLength: 8 }),
        bigInt({ min: 0n, max: 9n }),
        (plan, steps, rest) => {
          const whole = steps.reduce((sum, step) => sum + step, rest);
          let paid = nothingPaid;
          for (const step of steps) {
            const share = milestoneShare(plan, { service: whole - paid.service, goods: 0n, paid }, step);
            expect(share.runner + share.commission + share.vat).toBe(step);
            for (const part of [share.runner, share.commission, share.vat]) expect(part >= 0n).toBe(true);
            paid = addTo(paid, step, share);
          }
          const last = deliverySettlement(plan, { service: whole - paid.service, goods: 0n, paid }, 0n);
          const atOnce = deliverySettlement(plan, { service: whole, goods: 0n }, 0n);
          expect(last.runner + paid.service - paid.commission - paid.vat).toBe(atOnce.runner);
          expect([last.commission + paid.commission, last.vat + paid.vat]).toEqual([atOnce.commission, atOnce.vat]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('with a dispute over the rest hands out what is held, takes nothing below zero, and is within two units of its fees', () => {
    assert(
      property(rates, amount, amount, amount, amount, (plan, step, rest, goods, wanted) => {
        const share = milestoneShare(plan, { service: step + rest, goods, paid: nothingPaid }, step);
        const paid = addTo(nothingPaid, step, share);
        const customer = wanted % (rest + goods + 1n);
        const parts = disputeSettlement(plan, { service: rest, goods, paid }, customer);
        expect(parts.customer).toBe(customer);
        expect(parts.runner + parts.commission + parts.vat + customer).toBe(rest + goods);
        for (const part of Object.values(parts) as bigint[]) expect(part >= 0n).toBe(true);
        const service = paid.service + ((rest + goods - customer) * rest) / (rest + goods);
        const exact = Number(service * BigInt(plan.commissionBps)) / 10_000;
        expect(Math.abs(Number(parts.commission + paid.commission) - exact)).toBeLessThanOrEqual(2);
      }),
      { numRuns: 500 },
    );
  });
});

const start = new Date('2026-03-02T09:00:00Z');
const [tenantId, customerId, runnerId] = ['tenant', 'customer', 'runner'];
const customer: Actor = { kind: 'customer', userId: customerId, canSee: true };
const runner: Actor = { kind: 'assignedRunner', userId: runnerId, canSee: true };

const actions = [
  'agree',
  'start',
  'deliver',
  'release',
  'topUp',
  'tip',
  'receipt',
  'confirm',
  'byCode',
  'autoRelease',
  'cancel',
  'drop',
  'dispute',
  'settle',
] as const;
const command = record({ action: constantFrom(...actions), amount: bigInt({ min: 0n, max: 400n }), seq: nat(3) });
interface Command {
  readonly action: (typeof actions)[number];
  readonly amount: bigint;
  readonly seq: number;
}

/** An errand with its escrow, told by the table and the patches that the services write, on books in memory. */
function createStory(
  plan: { commissionBps: number; vatBps: number; cancellationBps: number; freeCancelMinutes: number },
  goodsInAdvance: boolean,
) {
  let errand = {
    id: 'errand',
    tenantId,
    customerId,
    runnerId,
    currency: 'NGN',
    goodsBudget: 300n,
    goodsInAdvance,
    requiresPickupCode: false,
    processVersion: 2,
    startBy: null,
    autoReleaseAt: start,
    state: 'AWAITING_FUNDING',
    fundBy: null,
    version: 1,
  } as unknown as Errand;
  let escrow: Escrow = newEscrowRow(errand, { runnerId, amount: 1_001n } as Offer, 'plan', 'escrow', start);
  let totals: ReadonlyMap<string, AccountTotals> = new Map([
    [accounts.wallet(customerId).code, { debits: 0n, credits: 5_000n, seq: 1 }],
  ]);
  let house = 0n;
  let milestones: { readonly amount: bigint; readonly isReleased: boolean }[] = [];
  let outflowsFrozen = 0;

  function move(
    name: TransitionName,
    actor: Actor,
    facts: Partial<Facts>,
    patch: (to: Errand['state']) => Partial<Escrow>,
  ) {
    const decision = decide(name, { errand, money: moneyFactsOf(escrow), ...facts }, actor, start);
    const booking = applyPostings(totals, decision.postings, 'NGN');
    const before = escrow;
    escrow = { ...escrow, ...patch(decision.to) };
    totals = new Map([...totals, ...booking.totals]);
    for (const { account, side, amount: minor } of booking.lines)
      if (!account.floored) house += side === 'CREDIT' ? minor : -minor;
    if (
      before.frozenByDispute &&
      escrow.frozenByDispute &&
      before.released + before.refunded !== escrow.released + escrow.refunded
    )
      outflowsFrozen += 1;
    errand = { ...errand, state: decision.to, version: errand.version + 1 };
  }
  const settle = (
    name: TransitionName,
    actor: Actor,
    settlement: () => Settlement,
    how: 'delivered' | 'calledOff' | 'disputed',
    facts: Partial<Facts> = {},
  ) => {
    const money = moneyFactsOf(escrow, settlement);
    move(name, actor, { ...facts, money }, () => ({
      ...settledPatch(escrow, settlement(), how),
      frozenByDispute: null,
    }));
  };
  const silent = () => silentSettlement(plan, escrow, errand);
  const disputeFacts = {
    state: 'FINAL',
    openedFrom: 'DELIVERED',
    dueAt: null,
    isOpener: true,
    isArbiter: true,
    hasDecided: false,
    proposal: 'none',
  } as const;

  const acts: Record<Command['action'], (one: Command) => void> = {
    agree: () => {
      move('agreeMilestones', customer, {}, () => ({}));
      milestones = [400n, 301n, 300n].map((part) => ({ amount: part, isReleased: false }));
    },
    start: () => move('start', runner, {}, () => ({})),
    deliver: () => move('submitProof', runner, { proofsCount: 1 }, () => ({})),
    release: ({ seq }) => {
      const one = milestones[seq];
      const isReleased = one?.isReleased ?? false;
      const share =
        one && !isReleased
          ? milestoneShare(plan, partsOf(escrow), one.amount)
          : { runner: 0n, commission: 0n, vat: 0n };
      const facts = one ? { milestone: { seq, isReleased, share } } : {};
      move('releaseMilestone', customer, facts, () => milestonePatch(escrow, one!.amount, share));
      milestones = milestones.map((each, at) => (at === seq ? { ...each, isReleased: true } : each));
    },
    topUp: ({ amount: more, seq }) => {
      const topUp = seq % 2 === 0 ? { service: more + 1n, goods: 0n } : { service: 0n, goods: more + 1n };
      move('topUpEscrow', customer, { topUp }, () => topUpPatch(escrow, topUp));
    },
    tip: ({ amount: given }) => {
      const tip = { amount: given + 1n, earlier: escrow.tips, most: escrow.gross - escrow.goods, completedAt: null };
      move('tipRunner', customer, { tip }, () => ({ tips: escrow.tips + given + 1n }));
    },
    receipt: ({ amount: paid }) => {
      const receipts = { amount: paid + 1n, earlier: escrow.goodsReceipted, most: escrow.goods };
      move('addReceipts', runner, { receipts }, () => receiptsPatch(escrow, paid + 1n, errand));
    },
    confirm: () => settle('confirm', customer, silent, 'delivered'),
    byCode: () => settle('confirmByCode', runner, silent, 'delivered', { hasCode: true }),
    autoRelease: () => settle('autoRelease', systemActor, silent, 'delivered'),
    cancel: () =>
      settle(
        'cancelAssigned',
        customer,
        () => cancellationSettlement(plan, partsOf(escrow), start, start),
        'calledOff',
      ),
    drop: () => {
      const { service, goods } = partsOf(escrow);
      const all = { runner: 0n, commission: 0n, vat: 0n, cancellation: 0n, customer: service + goods };
      settle('runnerDrop', runner, () => all, 'calledOff');
    },
    dispute: () => move('openDispute', customer, {}, () => ({ frozenByDispute: 'dispute' })),
    settle: ({ amount: wanted }) => {
      const { service, goods } = partsOf(escrow);
      const most = service + goods;
      const customerAmount = wanted < most ? wanted : 0n;
      settle('settleDispute', systemActor, () => disputeSettlement(plan, partsOf(escrow), customerAmount), 'disputed', {
        dispute: disputeFacts,
      });
    },
  };
  move('fundFromWallet', customer, {}, () => fundedPatch(escrow, start));
  const balance = (account: ReturnType<typeof accounts.wallet>) =>
    balanceOfTotals(account, totals.get(account.code) ?? emptyTotals);
  return {
    act: (one: Command) => acts[one.action](one),
    look: () => ({
      errand,
      escrow,
      house,
      milestones,
      outflowsFrozen,
      held: balance(accounts.escrowService('escrow')) + balance(accounts.escrowGoods('escrow')),
      parts: [balance(accounts.escrowService('escrow')), balance(accounts.escrowGoods('escrow'))] as const,
      people: balance(accounts.wallet(customerId)) + balance(accounts.wallet(runnerId)),
    }),
  };
}

/** What the database checks of every row, and the books of every moment. */
function expectSound({ look }: ReturnType<typeof createStory>): void {
  const { escrow, errand, held, parts, house, people, milestones, outflowsFrozen } = look();
  const isLive = ['FUNDED', 'PARTIALLY_RELEASED'].includes(escrow.state);
  expect(escrow.funded).toBe(escrow.released + escrow.refunded + held);
  expect(people + held + house).toBe(5_000n);
  expect(outflowsFrozen).toBe(0);
  expect(escrow.goodsAdvanced <= escrow.goodsReceipted && escrow.goodsReceipted <= escrow.goods).toBe(true);
  expect(escrow.serviceReleased <= escrow.gross - escrow.goods).toBe(true);
  if (isLive) {
    expect(escrow.released).toBe(escrow.serviceReleased + escrow.goodsAdvanced);
    expect(escrow.state === 'PARTIALLY_RELEASED').toBe(escrow.released > 0n);
    const { service, goods } = partsOf(escrow);
    expect(parts).toEqual([service, goods]);
  } else expect(held).toBe(0n);
  if (['COMPLETED', 'CANCELLED', 'OPEN'].includes(errand.state)) expect(isLive).toBe(false);
  const released = milestones.reduce((sum, one) => (one.isReleased ? sum + one.amount : sum), 0n);
  expect(escrow.serviceReleased).toBe(released);
}

describe('any sequence of steps, top-ups, tips, receipts and endings, legal or not', () => {
  it('keeps the escrow and the books sound, lets nothing out while frozen, and changes nothing when refused', () => {
    const reached = new Set<string>();
    let done = 0;
    assert(
      property(rates, boolean(), array(command, { minLength: 10, maxLength: 60 }), (plan, inAdvance, commands) => {
        const story = createStory(plan, inAdvance);
        // Half of the stories are well on their way when anything may happen.
        const road = commands.length % 2 === 0 ? (['agree', 'start', 'release'] as const) : [];
        const all = [...road.map((action) => ({ action, amount: 0n, seq: 0 })), ...commands];
        for (const one of all) {
          const before = story.look();
          try {
            story.act(one);
            done += 1;
            reached.add(`${one.action} ${story.look().escrow.state}`);
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
            expect(story.look()).toEqual(before);
          }
          expectSound(story);
        }
      }),
      { numRuns: 150, seed: 20260302 },
    );
    expect(done).toBeGreaterThan(500);
    for (const each of [
      'release PARTIALLY_RELEASED',
      'receipt PARTIALLY_RELEASED',
      'settle SPLIT',
      'confirm RELEASED',
      'tip RELEASED',
      'byCode RELEASED',
      'drop REFUNDED',
    ])
      expect([...reached]).toContain(each);
  });
});
