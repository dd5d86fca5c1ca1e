import type { Role } from '../../../src/kernel/index.js';
import { kindOf, seesDispute, type Kind } from '../model/rules.js';
import type { Dispute, Errand, Person } from '../model/world.js';
import {
  actorFor,
  byLabel,
  maliceOf,
  pickErrand,
  versionLabel,
  versionOf,
  type Hand,
  type Payload,
  type Play,
  type Seen,
} from './attempt.js';

export const answer = 'dispute { id state version decisions { id } } errand { id state version }';

/** A move of a dispute by the rules of its table. */
export interface DisputeMove {
  readonly name: string;
  readonly weight: number;
  /** Parameters and arguments beside the dispute's id, version and key. */
  readonly takes: readonly [declared: string, passed: string];
  readonly roles?: readonly Role[];
  readonly actors: readonly Kind[];
  readonly states: readonly Dispute['state'][];
  readonly who: (errand: Errand, dispute: Dispute, hand: Hand) => Person | undefined;
  /** What its guard says, once it is in one of its states or not; in the guard's order. */
  readonly guard: (dispute: Dispute, by: Person, errand: Errand, nowMs: number) => string | undefined;
  readonly input: (errand: Errand, dispute: Dispute, hand: Hand, by: Person | undefined) => DrawnDispute;
}

export interface DrawnDispute {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly label?: string;
  readonly refused?: string | undefined;
  readonly done: (payload: Payload) => void;
}

export function disputePlay(move: DisputeMove): Play {
  const { name, weight, takes } = move;
  const document = `mutation ($disputeId: ID!, $expectedVersion: Int, $key: String${takes[0]}) { ${name}(disputeId: $disputeId, expectedVersion: $expectedVersion, idempotencyKey: $key${takes[1]}) { isReplay ${answer} } }`;
  return {
    name,
    weight,
    draw(hand) {
      const malice = maliceOf(hand);
      const suits = (one: Errand): boolean => one.dispute !== undefined && move.states.includes(one.dispute.state);
      const errand = pickErrand(hand, malice, suits, (one) => one.dispute !== undefined);
      const dispute = errand?.dispute;
      if (!errand || !dispute) return undefined;
      const by = actorFor(hand, malice, errand, move.who(errand, dispute, hand));
      if (!by && !hand.isWild) return undefined;
      const expectedVersion = versionOf(hand, dispute.version);
      const { variables, label, refused, done } = move.input(errand, dispute, hand, by);
      const refusal = refusalFor(move, errand, dispute, by, expectedVersion, hand.nowMs) ?? refused;
      const seen = (payload: Payload): Seen => {
        done(payload);
        return { errand, dispute };
      };
      return {
        label: [name, dispute.name, label, versionLabel(expectedVersion), byLabel(by)].filter(Boolean).join(' '),
        by,
        document,
        variables: { disputeId: dispute.id, expectedVersion, ...variables },
        about: errand,
        isKeyed: true,
        predicted: refusal ? { refused: [refusal] } : { done: seen },
      };
    },
  };
}

function refusalFor(
  { roles, actors, guard }: DisputeMove,
  errand: Errand,
  dispute: Dispute,
  by: Person | undefined,
  expectedVersion: number | undefined,
  nowMs: number,
): string | undefined {
  if (!by) return 'UNAUTHENTICATED';
  if (roles && !roles.includes(by.role)) return 'FORBIDDEN';
  if (!seesDispute(by, errand, dispute)) return 'NOT_FOUND';
  if (expectedVersion !== undefined && expectedVersion !== dispute.version) return 'VERSION_CONFLICT';
  if (!actors.includes(kindOf(by, errand))) return 'FORBIDDEN';
  if (errand.state !== 'DISPUTED') return 'ILLEGAL_TRANSITION';
  return guard(dispute, by, errand, nowMs);
}

/** A share of what is held, at least one. */
export function oneTo(held: bigint, percent: number): bigint {
  const share = (held * BigInt(percent)) / 100n;
  return share < 1n ? 1n : share;
}

export function notIn({ state }: Dispute, ...states: readonly Dispute['state'][]): string | undefined {
  return states.includes(state) ? undefined : 'ILLEGAL_TRANSITION';
}

export function late({ dueAtMs }: Dispute, nowMs: number): string | undefined {
  return dueAtMs !== undefined && dueAtMs <= nowMs ? 'ILLEGAL_TRANSITION' : undefined;
}
