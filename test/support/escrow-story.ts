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
  type FeeRates,
} from '../../src/modules/escrows/index.js';
import {
  accounts,
  applyPostings,
  balanceOfTotals,
  emptyTotals,
  type AccountTotals,
} from '../../src/modules/ledger/index.js';

/** All that the customer of the story has, in minor units. */
export const storyMoney = 5_000n;
const start = new Date('2026-03-02T09:00:00Z');
const [tenantId, customerId, runnerId] = ['tenant', 'customer', 'runner'];
const customer: Actor = { kind: 'customer', userId: customerId, canSee: true };
const runner: Actor = { kind: 'assignedRunner', userId: runnerId, canSee: true };

export const storyActions = [
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
export interface StoryCommand {
  readonly action: (typeof storyActions)[number];
  readonly amount: bigint;
  readonly seq: number;
}

/** An errand with its escrow, told by the table and the patches that the services write, on books in memory. */
export function createEscrowStory(plan: FeeRates, goodsInAdvance: boolean) {
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
    [accounts.wallet(customerId).code, { debits: 0n, credits: storyMoney, seq: 1 }],
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

  const acts: Record<StoryCommand['action'], (one: StoryCommand) => void> = {
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
      const receipts = { amount: paid + 1n, earlier: escrow.goodsReceipted, most: escrow.goods, count: 1 };
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
    act: (one: StoryCommand) => acts[one.action](one),
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

export type EscrowStory = ReturnType<typeof createEscrowStory>;
