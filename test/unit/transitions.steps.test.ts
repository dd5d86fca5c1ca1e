import { describe, expect, it } from 'vitest';
import {
  decide,
  type ActorKind,
  type ErrandState,
  type Facts,
  type TransitionName,
} from '../../src/modules/errands/index.js';
import { accounts } from '../../src/modules/ledger/index.js';
import { actor, customerId, errandIn, factsFor, idOf, now, runnerId } from '../support/errand-facts.js';

const amounts: Partial<Facts> = {
  topUp: { service: 7n, goods: 3n },
  tip: { amount: 5n, earlier: 0n, most: 5n, completedAt: null },
  receipts: { amount: 4n, earlier: 0n, most: 4n, count: 50 },
};

function postingsOf(name: TransitionName, state: ErrandState, kind: ActorKind, patch: Partial<Facts>) {
  const facts = { ...factsFor(name, state), ...amounts, ...patch };
  return decide(name, facts, actor(kind, facts.errand), now).postings;
}

describe('what moves with money in steps', () => {
  const [service, goods] = [accounts.escrowService(idOf(7)), accounts.escrowGoods(idOf(7))];
  const [customer, runner] = [accounts.wallet(customerId), accounts.wallet(runnerId)];
  const posted = (name: TransitionName, state: ErrandState, kind: ActorKind, facts: Partial<Facts> = {}) =>
    postingsOf(name, state, kind, facts).map(({ debit, credit, amount }) => [debit.code, credit.code, amount]);

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
