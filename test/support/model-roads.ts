import type { UserViewer } from '../../src/kernel/index.js';
import type { Model } from './model.js';
import type { ModelErrand, Who } from './model.type.js';

export const actions = [
  'post',
  'topUpWallet',
  'publish',
  'offer',
  'withdrawOffer',
  'counter',
  'answer',
  'acceptCounter',
  'accept',
  'fund',
  'start',
  'submitProof',
  'confirm',
  'cancel',
  'drop',
  'agreeSteps',
  'releaseStep',
  'topUpEscrow',
  'tip',
  'receipt',
  'dispute',
  'respond',
  'withdrawDispute',
  'timers',
] as const;
export type Action = (typeof actions)[number];

export interface Command {
  /** `advance` is the next step of the main road and `aside` one beside it, by who may take it; else anything by anybody. */
  readonly action: Action | 'advance' | 'aside';
  readonly who: Who;
  /** Which of three errands. */
  readonly errand: number;
  readonly amount: bigint;
  readonly passMs: number;
  /** The connection breaks at this statement, and the call is repeated with its key on another. */
  readonly cutAt: number | null;
  /** What was done is asked for once more with its key. */
  readonly again: boolean;
}

export interface World {
  readonly tenantId: string;
  readonly viewers: Readonly<Record<Who, UserViewer>>;
  readonly model: Model;
  /** The errands that commands are about, three at a time; one that is over makes room. */
  readonly slots: (ModelErrand | undefined)[];
  /** Of errands, by their number. */
  readonly ids: string[];
  /** The latest of a runner on an errand, and the latest dispute about an errand. */
  readonly offers: Map<string, string>;
  readonly disputes: Map<number, string>;
}

/** The next step of the main road, and who takes it. */
export function onwards(
  { model, slots }: World,
  { errand, amount }: Command,
): { action: Action; who: Who } | undefined {
  const e = slots[errand];
  if (!e || isOver(e)) return { action: 'post', who: errand === 1 ? 'bola' : 'ada' };
  const [customer, runner] = [e.customer, e.runner ?? (amount % 2n === 0n ? 'kofi' : 'femi')] as const;
  const hasOffer = [...e.offers.values()].some(({ state }) => state === 'PENDING');
  const [countered] = [...e.offers].find(([, { state }]) => state === 'COUNTERED') ?? [];
  const isPoor = (model.balances.get(customer) ?? 0n) < (e.escrow?.service ?? 0n) + (e.escrow?.goods ?? 0n);
  const dice = Number(amount % 5n);
  const hasStep = e.escrow?.steps.some(({ isReleased }) => !isReleased) ?? false;
  const road: Readonly<Record<string, readonly [Action, Who]>> = {
    DRAFT: ['publish', customer],
    OPEN: hasOffer ? ['accept', customer] : countered ? ['acceptCounter', countered] : ['offer', runner],
    AWAITING_FUNDING: isPoor ? ['topUpWallet', customer] : ['fund', customer],
    ASSIGNED: dice > 1 ? ['start', runner] : ['agreeSteps', customer],
    IN_PROGRESS: dice > 2 ? ['submitProof', runner] : hasStep ? ['releaseStep', customer] : ['receipt', runner],
    DELIVERED: dice > 0 ? ['confirm', customer] : ['dispute', runner],
    DISPUTED: dice > 1 ? ['timers', 'staff'] : ['respond', customer],
  };
  const [action, who] = road[e.state] ?? [];
  return action && who && { action, who };
}

/** A step that may well be taken where an errand stands, or that only a freeze forbids. */
export function aside({ slots }: World, { errand, amount }: Command): { action: Action; who: Who } | undefined {
  const e = slots[errand];
  if (!e) return undefined;
  const { customer } = e;
  const runner = e.runner ?? [...e.offers.keys()][0] ?? 'kofi';
  const [opener, other] = e.dispute?.byCustomer ? [customer, runner] : [runner, customer];
  const ways: Readonly<Record<string, readonly (readonly [Action, Who])[]>> = {
    OPEN: [
      ['withdrawOffer', runner],
      ['offer', runner],
      ['counter', customer],
      ['answer', runner],
      ['acceptCounter', runner],
    ],
    AWAITING_FUNDING: [
      ['fund', customer],
      ['agreeSteps', customer],
      ['cancel', customer],
      ['timers', 'staff'],
    ],
    ASSIGNED: [
      ['topUpEscrow', customer],
      ['drop', runner],
      ['drop', 'staff'],
      ['cancel', customer],
      ['timers', 'staff'],
    ],
    IN_PROGRESS: [
      ['topUpEscrow', customer],
      ['tip', customer],
      ['receipt', runner],
      ['releaseStep', customer],
      ['drop', runner],
      ['dispute', customer],
    ],
    DELIVERED: [
      ['tip', customer],
      ['releaseStep', customer],
      ['dispute', customer],
      ['timers', 'staff'],
    ],
    DISPUTED: [
      ['respond', other],
      ['withdrawDispute', opener],
      ['confirm', customer],
      ['releaseStep', customer],
      ['tip', customer],
      ['timers', 'staff'],
    ],
    COMPLETED: [
      ['tip', customer],
      ['confirm', customer],
    ],
  };
  const open = ways[e.state] ?? [];
  const [action, who] = open[Number(amount) % open.length] ?? [];
  return action && who && { action, who };
}

export function isOver({ state }: ModelErrand): boolean {
  return state === 'COMPLETED' || state === 'CANCELLED' || state === 'EXPIRED';
}
