import { inspect } from 'node:util';
import { array, assert, bigInt, boolean, constantFrom, integer, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/kernel/index.js';
import { disputeSettlement } from '../../src/modules/disputes/index.js';
import { deliverySettlement, milestoneShare, partsOf, type PaidService } from '../../src/modules/escrows/index.js';
import {
  createEscrowStory,
  storyActions,
  storyMoney,
  type EscrowStory,
  type StoryCommand,
} from '../support/escrow-story.js';

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

const command = record({ action: constantFrom(...storyActions), amount: bigInt({ min: 0n, max: 400n }), seq: nat(3) });

/** What the database would refuse of the row, and the books of the moment; empty when all is well. */
function faultsOf({ look }: EscrowStory): readonly string[] {
  const { escrow, errand, held, parts, house, people, milestones, outflowsFrozen } = look();
  const isLive = ['FUNDED', 'PARTIALLY_RELEASED'].includes(escrow.state);
  const { service, goods } = partsOf(escrow);
  const released = milestones.reduce((sum, one) => (one.isReleased ? sum + one.amount : sum), 0n);
  const isPartly = escrow.state === 'PARTIALLY_RELEASED';
  const rules = {
    'I5 funded = released + refunded + held': escrow.funded === escrow.released + escrow.refunded + held,
    'I2 no unit is made or lost': people + held + house === storyMoney,
    'I7 nothing flows out while frozen': outflowsFrozen === 0,
    'goods: advanced <= receipted <= part':
      escrow.goodsAdvanced <= escrow.goodsReceipted && escrow.goodsReceipted <= escrow.goods,
    'service: released <= part': escrow.serviceReleased <= escrow.gross - escrow.goods,
    'the milestones that are released were paid': escrow.serviceReleased === released,
    'what is out before it is settled is steps and goods':
      !isLive || escrow.released === escrow.serviceReleased + escrow.goodsAdvanced,
    'PARTIALLY_RELEASED when something is': !isLive || isPartly === escrow.released > 0n,
    'each part holds what the row says': !isLive || (parts[0] === service && parts[1] === goods),
    'I6 settled means empty': isLive || held === 0n,
    'an errand that ended holds nothing': !isLive || !['COMPLETED', 'CANCELLED', 'OPEN'].includes(errand.state),
  };
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]));
}

/** Does it, or is refused and changes nothing. @returns whether it happened */
function attempt(story: EscrowStory, one: StoryCommand): boolean {
  const before = inspect(story.look());
  try {
    story.act(one);
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (inspect(story.look()) !== before)
      throw new Error(`${one.action} was refused and changed something`, { cause: error });
    return false;
  }
}

describe('any sequence of steps, top-ups, tips, receipts and endings, legal or not', () => {
  it('keeps the escrow and the books sound, lets nothing out while frozen, and changes nothing when refused', () => {
    const reached = new Set<string>();
    let done = 0;
    assert(
      property(rates, boolean(), array(command, { minLength: 10, maxLength: 60 }), (plan, inAdvance, commands) => {
        const story = createEscrowStory(plan, inAdvance);
        // Half of the stories are well on their way when anything may happen.
        const road = commands.length % 2 === 0 ? (['agree', 'start', 'release'] as const) : [];
        const all = [...road.map((action) => ({ action, amount: 0n, seq: 0 })), ...commands];
        for (const one of all) {
          if (attempt(story, one)) {
            done += 1;
            reached.add(`${one.action} ${story.look().escrow.state}`);
          }
          expect(faultsOf(story)).toEqual([]);
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
