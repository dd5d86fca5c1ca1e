import { magicAmounts } from '../../../src/modules/providers/index.js';
import { delivered, payOut } from '../model/money.js';
import { closeOffers, complete, moveTo } from '../model/timers.js';
import { isTooLateToStart, type Errand } from '../model/world.js';
import { errandPlay, type Play } from './attempt.js';

export const answer = 'errand { id state version } escrow { id state released { minor } refunded { minor } }';

const magic: readonly bigint[] = Object.values(magicAmounts);

function grossOf({ escrow }: Errand): bigint {
  return escrow ? escrow.service + escrow.goods : 0n;
}

function isTooLateToFund(errand: Errand, nowMs: number): boolean {
  return (errand.fundByMs !== undefined && errand.fundByMs <= nowMs) || isTooLateToStart(errand, nowMs);
}

/** The money is in the wallet, and goes into the escrow. */
function funded(errand: Errand, nowMs: number) {
  const escrow = errand.escrow!;
  const gross = grossOf(errand);
  errand.customer.wallet -= gross;
  escrow.held = gross;
  escrow.state = 'FUNDED';
  escrow.fundedAtMs = nowMs;
  closeOffers(errand, 'PENDING', 'SUPERSEDED');
  moveTo(errand, 'ASSIGNED');
  return { errand, escrow };
}

const fund = errandPlay({
  name: 'fundEscrow',
  weight: 12,
  idName: 'errandId',
  document: `mutation ($errandId: ID!, $expectedVersion: Int, $key: String) { fundEscrow(errandId: $errandId, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay ${answer} } }`,
  rule: { actors: ['customer'], from: ['AWAITING_FUNDING'] },
  who: ({ customer }) => customer,
  input(errand, { nowMs }) {
    const isShort = errand.customer.wallet < grossOf(errand);
    return {
      refused: isTooLateToFund(errand, nowMs) ? 'ILLEGAL_TRANSITION' : isShort ? 'INSUFFICIENT_FUNDS' : undefined,
      done: () => funded(errand, nowMs),
    };
  },
});

/** Straight from the card, through the provider and its bad line. */
const pay = errandPlay({
  name: 'payForErrand',
  weight: 5,
  idName: 'errandId',
  document:
    'mutation ($errandId: ID!, $expectedVersion: Int, $key: String) { payForErrand(errandId: $errandId, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay charge { providerRef } errand { id state version } } }',
  rule: { actors: ['customer'], from: ['AWAITING_FUNDING'] },
  who: ({ customer }) => customer,
  // Of other amounts the sandbox has ideas of its own.
  suits: (errand) => !magic.includes(grossOf(errand)),
  input: (errand, { nowMs, world }) => ({
    refused: isTooLateToFund(errand, nowMs) ? 'ILLEGAL_TRANSITION' : undefined,
    done: ({ charge }) => {
      const amount = grossOf(errand);
      errand.customer.wallet += amount;
      errand.market.house.received += amount;
      world.charges.push({
        name: `C${world.charges.length + 1}`,
        person: errand.customer,
        providerRef: charge!.providerRef,
        amount,
        backs: [],
        isPending: false,
        isReversed: false,
      });
      return { errand: funded(errand, nowMs).errand };
    },
  }),
});

const confirm = errandPlay({
  name: 'confirmDelivery',
  weight: 8,
  idName: 'errandId',
  document: `mutation ($errandId: ID!, $goodsSpentMinor: BigInt, $expectedVersion: Int, $key: String) { confirmDelivery(errandId: $errandId, goodsSpentMinor: $goodsSpentMinor, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay ${answer} } }`,
  rule: { actors: ['customer'], from: ['DELIVERED'] },
  who: ({ customer }) => customer,
  input(errand, { random, isWild, nowMs }) {
    const { goods = 0n, receipted = 0n } = errand.escrow ?? {};
    const isBad = isWild && random.chance(30);
    const bad = random.pick([goods + 1n, receipted - 1n]);
    const said = random.chance(50) ? undefined : receipted + BigInt(random.int(0, Number(goods - receipted)));
    const given = isBad ? bad : said;
    const spent = said ?? (receipted > 0n ? receipted : goods);
    return {
      variables: { goodsSpentMinor: given?.toString() },
      label: given === undefined ? '' : `spent ${given}`,
      refused: isBad ? 'BAD_INPUT' : undefined,
      done: () => {
        const escrow = errand.escrow!;
        payOut(errand, escrow, delivered(escrow, spent), 'delivered');
        complete(errand, nowMs);
        return { errand, escrow };
      },
    };
  },
});

export const escrowPlays: readonly Play[] = [fund, pay, confirm];
