import { handOut, stepOf } from '../model/money.js';
import {
  amountMax,
  milestonesMax,
  partsOf,
  tipWindowMs,
  type Errand,
  type Escrow,
  type Milestone,
} from '../model/world.js';
import { errandPlay, type Hand, type Play } from './attempt.js';
import { answer } from './escrow.plays.js';

type Random = Hand['random'];

export function document(name: string, declared: string, passed: string): string {
  return `mutation ($errandId: ID!, $expectedVersion: Int, $key: String, ${declared}) { ${name}(errandId: $errandId, expectedVersion: $expectedVersion, idempotencyKey: $key, ${passed}) { isReplay ${answer} } }`;
}

/** Money or steps of an errand changed, and its state did not. */
export function moved(errand: Errand) {
  errand.version += 1;
  return { errand, escrow: errand.escrow };
}

const agree = errandPlay({
  name: 'agreeMilestones',
  weight: 5,
  idName: 'errandId',
  document: document('agreeMilestones', '$milestones: [MilestoneInput!]!', 'milestones: $milestones'),
  rule: { actors: ['customer'], from: ['AWAITING_FUNDING', 'ASSIGNED'] },
  who: ({ customer }) => customer,
  input(errand, { random, isWild }) {
    const service = errand.escrow?.service ?? 1n;
    const isBad = isWild && random.chance(40);
    const amounts = isBad ? random.pick([[service + 1n], [0n, service]]) : inSteps(random, service);
    return {
      variables: { milestones: amounts.map((amount, at) => ({ title: `Step ${at + 1}`, amountMinor: `${amount}` })) },
      label: `${amounts.length} steps`,
      refused: isBad ? 'BAD_INPUT' : undefined,
      done: () => {
        errand.escrow!.milestones = amounts.map((amount): Milestone => ({ amount, isReleased: false }));
        return moved(errand);
      },
    };
  },
});

/** Some amounts above 0 that sum to the whole; none: in one go. */
function inSteps(random: Random, whole: bigint): readonly bigint[] {
  if (random.chance(5)) return [];
  const wanted = random.chance(5) ? milestonesMax : random.int(1, 4);
  const amounts: bigint[] = [];
  let left = whole;
  while (left > 0n) {
    const part = (left * BigInt(random.int(10, 70))) / 100n;
    const amount = amounts.length + 1 >= wanted || part < 1n ? left : part;
    amounts.push(amount);
    left -= amount;
  }
  return amounts;
}

const release = errandPlay({
  name: 'releaseMilestone',
  weight: 6,
  idName: 'errandId',
  document: document('releaseMilestone', '$seq: Int!', 'seq: $seq'),
  rule: { actors: ['customer'], from: ['IN_PROGRESS', 'DELIVERED'] },
  who: ({ customer }) => customer,
  suits: ({ escrow }) => escrow?.milestones.some(({ isReleased }) => !isReleased) ?? false,
  input(errand, { random, isWild }) {
    const { milestones = [] } = errand.escrow ?? {};
    const open = [...milestones.keys()].filter((at) => isWild || !milestones[at]!.isReleased);
    const seq = open.length === 0 || (isWild && random.chance(20)) ? random.pick([0, 21, 400]) : random.pick(open) + 1;
    const milestone = milestones[seq - 1];
    return {
      variables: { seq },
      label: `${seq}`,
      refused: !milestone ? 'BAD_INPUT' : milestone.isReleased ? 'ILLEGAL_TRANSITION' : undefined,
      done: () => {
        stepPaid(errand, errand.escrow!, milestone!);
        return moved(errand);
      },
    };
  },
});

function stepPaid(errand: Errand, escrow: Escrow, milestone: Milestone): void {
  const shares = stepOf(escrow, milestone.amount);
  handOut(errand, escrow, shares);
  escrow.paid.service += milestone.amount;
  escrow.paid.commission += shares.commission;
  escrow.paid.vat += shares.vat;
  escrow.state = 'PARTIALLY_RELEASED';
  milestone.isReleased = true;
}

const topUp = errandPlay({
  name: 'topUpEscrow',
  weight: 4,
  idName: 'errandId',
  document: document('topUpEscrow', '$service: BigInt, $goods: BigInt', 'serviceMinor: $service, goodsMinor: $goods'),
  rule: { actors: ['customer'], from: ['ASSIGNED', 'IN_PROGRESS', 'DELIVERED'] },
  who: ({ customer }) => customer,
  input(errand, { random, isWild }) {
    const [service, goods] =
      isWild && random.chance(50)
        ? random.pick([
            [0n, 0n] as const,
            [-1n, 5n] as const,
            [amountMax + 1n, 0n] as const,
            [0n, amountMax + 1n] as const,
          ])
        : random.pick([[1n, 0n] as const, [BigInt(random.int(1, 90_000)), BigInt(random.int(0, 50_000))] as const]);
    return {
      variables: { service: `${service}`, goods: `${goods}` },
      label: `${service}+${goods}`,
      refused: topUpRefusal(errand, service, goods),
      done: () => {
        const escrow = errand.escrow!;
        errand.customer.wallet -= service + goods;
        escrow.held += service + goods;
        escrow.service += service;
        escrow.goods += goods;
        return moved(errand);
      },
    };
  },
});

function topUpRefusal({ escrow, customer }: Errand, service: bigint, goods: bigint): string | undefined {
  const held = escrow ? partsOf(escrow) : { service: 0n, goods: 0n };
  if (held.service + service > amountMax || held.goods + goods > amountMax) return 'LIMIT_EXCEEDED';
  if (service < 0n || goods < 0n || service + goods === 0n) return 'BAD_INPUT';
  return customer.wallet < service + goods ? 'INSUFFICIENT_FUNDS' : undefined;
}

const tip = errandPlay({
  name: 'tipRunner',
  weight: 4,
  idName: 'errandId',
  document: document('tipRunner', '$amount: BigInt!', 'amountMinor: $amount'),
  rule: { actors: ['customer'], from: ['IN_PROGRESS', 'DELIVERED', 'COMPLETED'] },
  who: ({ customer }) => customer,
  input(errand, { random, isWild, nowMs }) {
    const { service = 0n, tips = 0n } = errand.escrow ?? {};
    const left = service - tips;
    const fair = left > 0n ? (left * BigInt(random.int(1, 60))) / 100n || 1n : 1n;
    const amount = isWild && random.chance(40) ? random.pick([0n, -3n, left + 1n]) : fair;
    const isLate = errand.completedAtMs !== undefined && errand.completedAtMs + tipWindowMs <= nowMs;
    const isTooMuch = tips + (amount > 0n ? amount : 0n) > service;
    const isShort = errand.customer.wallet < amount;
    return {
      variables: { amount: `${amount}` },
      label: `${amount}`,
      refused: isLate
        ? 'ILLEGAL_TRANSITION'
        : isTooMuch
          ? 'LIMIT_EXCEEDED'
          : amount < 1n || amount > amountMax
            ? 'BAD_INPUT'
            : isShort
              ? 'INSUFFICIENT_FUNDS'
              : undefined,
      done: () => {
        const escrow = errand.escrow!;
        errand.customer.wallet -= amount;
        escrow.runner.wallet += amount;
        escrow.tips += amount;
        return moved(errand);
      },
    };
  },
});

export const stepPlays: readonly Play[] = [agree, release, topUp, tip];
