import { describe, expect, it } from 'vitest';
import {
  decide,
  refundOf,
  type Actor,
  type ActorKind,
  type Errand,
  type ErrandState,
  type Facts,
  type TransitionName,
} from '../../src/modules/errands/index.js';
import { accounts } from '../../src/modules/ledger/index.js';

const now = new Date('2026-03-02T09:00:00Z');
const hours = (count: number): Date => new Date(now.getTime() + count * 3_600_000);
const [customerId, runnerId] = ['customer', 'runner'];
const money = { escrowId: 'escrow', customerId, runnerId, service: 450_000n, goods: 20_000n, isFrozen: false };
const settled = { ...money, settle: () => refundOf(money) };
const frozen = { money: { ...settled, isFrozen: true } };

/** Of an errand, nothing but its state and its options matters to these. */
function errandIn(state: ErrandState, patch: Partial<Errand> = {}): Errand {
  return {
    id: 'errand',
    version: 1,
    customerId,
    runnerId,
    state,
    startBy: null,
    goodsInAdvance: true,
    ...patch,
  } as Errand;
}

/** Facts under which none of these is refused. */
const easy: Omit<Facts, 'errand'> = {
  money: settled,
  milestone: { seq: 1, isReleased: false, share: { runner: 90n, commission: 9n, vat: 1n } },
  topUp: { service: 7n, goods: 3n },
  tip: { amount: 5n, earlier: 0n, most: 5n, completedAt: hours(-1) },
  receipts: { amount: 4n, earlier: 0n, most: 4n, count: 50 },
  handover: 'DROPOFF',
  hasCode: true,
};

function move(name: TransitionName, state: ErrandState, kind: ActorKind, facts: Partial<Facts> = {}) {
  const actor: Actor = { kind, userId: null, canSee: true };
  return decide(name, { errand: errandIn(state), ...easy, ...facts }, actor, now);
}

describe('guards of money in steps and of codes', () => {
  const cases: readonly [TransitionName, ErrandState, ActorKind, Partial<Facts>, string][] = [
    ['cancelAssigned', 'ASSIGNED', 'customer', { money: { ...settled, hasReleased: true } }, 'ILLEGAL_TRANSITION'],
    [
      'start',
      'ASSIGNED',
      'assignedRunner',
      { errand: errandIn('ASSIGNED', { requiresPickupCode: true }), hasCode: false },
      'BAD_INPUT',
    ],
    ['agreeMilestones', 'ASSIGNED', 'customer', frozen, 'ILLEGAL_TRANSITION'],
    ['releaseMilestone', 'DELIVERED', 'customer', frozen, 'ILLEGAL_TRANSITION'],
    [
      'releaseMilestone',
      'DELIVERED',
      'customer',
      { milestone: { seq: 1, isReleased: true, share: { runner: 0n, commission: 0n, vat: 0n } } },
      'ILLEGAL_TRANSITION',
    ],
    ['releaseMilestone', 'DELIVERED', 'customer', { milestone: undefined as never }, 'BAD_INPUT'],
    ['topUpEscrow', 'ASSIGNED', 'customer', frozen, 'ILLEGAL_TRANSITION'],
    ['topUpEscrow', 'ASSIGNED', 'customer', { topUp: { service: 1_000_000_000n, goods: 0n } }, 'LIMIT_EXCEEDED'],
    ['topUpEscrow', 'ASSIGNED', 'customer', { topUp: { service: 0n, goods: 1_000_000_000n } }, 'LIMIT_EXCEEDED'],
    [
      'tipRunner',
      'COMPLETED',
      'customer',
      { tip: { amount: 1n, earlier: 0n, most: 9n, completedAt: hours(-30 * 24) } },
      'ILLEGAL_TRANSITION',
    ],
    [
      'tipRunner',
      'COMPLETED',
      'customer',
      { tip: { amount: 2n, earlier: 8n, most: 9n, completedAt: hours(-1) } },
      'LIMIT_EXCEEDED',
    ],
    ['addReceipts', 'IN_PROGRESS', 'assignedRunner', frozen, 'ILLEGAL_TRANSITION'],
    [
      'addReceipts',
      'IN_PROGRESS',
      'assignedRunner',
      { receipts: { amount: 2n, earlier: 8n, most: 9n, count: 2 } },
      'LIMIT_EXCEEDED',
    ],
    [
      'addReceipts',
      'IN_PROGRESS',
      'assignedRunner',
      { receipts: { amount: 1n, earlier: 0n, most: 9n, count: 51 } },
      'LIMIT_EXCEEDED',
    ],
    ['issueHandoverCode', 'IN_PROGRESS', 'customer', { handover: 'PICKUP' }, 'ILLEGAL_TRANSITION'],
    ['confirmByCode', 'DELIVERED', 'assignedRunner', frozen, 'ILLEGAL_TRANSITION'],
    ['confirmByCode', 'DELIVERED', 'assignedRunner', { hasCode: false }, 'BAD_INPUT'],
  ];

  it.each(cases)('%s from %s by %s is refused by its guard (case %#)', (name, state, kind, facts, code) => {
    expect(move(name, state, kind).from).toBe(state);
    expect(() => move(name, state, kind, facts)).toThrow(expect.objectContaining({ code }));
  });

  it('let a tip be given until the last moment of thirty days, and to the last unit of the service', () => {
    const tip = { amount: 1n, earlier: 8n, most: 9n, completedAt: new Date(hours(-30 * 24).getTime() + 1) };
    expect(move('tipRunner', 'COMPLETED', 'customer', { tip }).to).toBe('COMPLETED');
  });
});

describe('what moves with them', () => {
  const [service, goods] = [accounts.escrowService('escrow'), accounts.escrowGoods('escrow')];
  const [customer, runner] = [accounts.wallet(customerId), accounts.wallet(runnerId)];
  const posted = (name: TransitionName, state: ErrandState, kind: ActorKind, facts: Partial<Facts> = {}) =>
    move(name, state, kind, facts).postings.map(({ debit, credit, amount }) => [debit.code, credit.code, amount]);

  it('is the money they name, between the accounts of the chart', () => {
    expect(posted('releaseMilestone', 'IN_PROGRESS', 'customer')).toEqual([
      [service.code, accounts.commission().code, 9n],
      [service.code, accounts.vat().code, 1n],
      [service.code, runner.code, 90n],
    ]);
    expect(posted('topUpEscrow', 'ASSIGNED', 'customer')).toEqual([
      [customer.code, service.code, 7n],
      [customer.code, goods.code, 3n],
    ]);
    expect(posted('tipRunner', 'DELIVERED', 'customer')).toEqual([[customer.code, runner.code, 5n]]);
    expect(posted('addReceipts', 'IN_PROGRESS', 'assignedRunner')).toEqual([[goods.code, runner.code, 4n]]);
    expect(posted('confirmByCode', 'IN_PROGRESS', 'assignedRunner')).toEqual(
      posted('confirm', 'DELIVERED', 'customer'),
    );
  });

  it('is nothing when steps are agreed, codes issued, or receipts shown of goods that are not paid in advance', () => {
    const errand = errandIn('IN_PROGRESS', { goodsInAdvance: false });
    expect(posted('addReceipts', 'IN_PROGRESS', 'assignedRunner', { errand })).toEqual([]);
    expect(posted('agreeMilestones', 'ASSIGNED', 'customer')).toEqual([]);
    expect(posted('issueHandoverCode', 'ASSIGNED', 'customer')).toEqual([]);
  });
});
