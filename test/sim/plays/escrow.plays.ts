import { delivered, payOut } from '../model/money.js';
import { closeOffers, moveTo } from '../model/timers.js';
import { isTooLateToStart } from '../model/world.js';
import { errandPlay, type Play } from './attempt.js';

export const answer = 'errand { id state version } escrow { id state released { minor } refunded { minor } }';

const fund = errandPlay({
  name: 'fundEscrow',
  weight: 12,
  idName: 'errandId',
  document: `mutation ($errandId: ID!, $expectedVersion: Int, $key: String) { fundEscrow(errandId: $errandId, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay ${answer} } }`,
  rule: { actors: ['customer'], from: ['AWAITING_FUNDING'] },
  who: ({ customer }) => customer,
  input(errand, { nowMs }) {
    const gross = errand.escrow ? errand.escrow.service + errand.escrow.goods : 0n;
    const isOver = (errand.fundByMs !== undefined && errand.fundByMs <= nowMs) || isTooLateToStart(errand, nowMs);
    const isShort = errand.customer.wallet < gross;
    return {
      refused: isOver ? 'ILLEGAL_TRANSITION' : isShort ? 'INSUFFICIENT_FUNDS' : undefined,
      done: () => {
        const escrow = errand.escrow!;
        errand.customer.wallet -= gross;
        escrow.held = gross;
        escrow.state = 'FUNDED';
        escrow.fundedAtMs = nowMs;
        closeOffers(errand, 'PENDING', 'SUPERSEDED');
        moveTo(errand, 'ASSIGNED');
        return { errand, escrow };
      },
    };
  },
});

const confirm = errandPlay({
  name: 'confirmDelivery',
  weight: 8,
  idName: 'errandId',
  document: `mutation ($errandId: ID!, $goodsSpentMinor: BigInt, $expectedVersion: Int, $key: String) { confirmDelivery(errandId: $errandId, goodsSpentMinor: $goodsSpentMinor, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay ${answer} } }`,
  rule: { actors: ['customer'], from: ['DELIVERED'] },
  who: ({ customer }) => customer,
  input(errand, { random, isWild }) {
    const { goods } = errand;
    const isBad = isWild && random.chance(30);
    const spent = isBad ? goods + 1n : random.chance(50) ? undefined : BigInt(random.int(0, Number(goods)));
    return {
      variables: { goodsSpentMinor: spent?.toString() },
      label: spent === undefined ? '' : `spent ${spent}`,
      refused: isBad ? 'BAD_INPUT' : undefined,
      done: () => {
        const escrow = errand.escrow!;
        payOut(errand, escrow, delivered(escrow.service, escrow.goods, spent), 'delivered');
        moveTo(errand, 'COMPLETED');
        return { errand, escrow };
      },
    };
  },
});

export const escrowPlays: readonly Play[] = [fund, confirm];
