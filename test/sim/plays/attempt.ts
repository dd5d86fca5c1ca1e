import type { Client } from 'pg';
import type { Role } from '../../../src/kernel/index.js';
import type { Random } from '../../../src/seed/random.js';
import { kindOf, refusalOf, type Rule } from '../model/rules.js';
import {
  endStates,
  type Dispute,
  type Errand,
  type Escrow,
  type Person,
  type ReviewGiven,
  type World,
} from '../model/world.js';

/** What a play is drawn from. */
export interface Hand {
  readonly world: World;
  readonly random: Random;
  readonly nowMs: number;
  /** Whoever comes, whatever the state: mostly refused. Else somebody who may, where it fits. */
  readonly isWild: boolean;
  /** What is wrong is the time. */
  readonly isLate?: boolean;
  /** Numbers what has to be new. */
  readonly step: number;
}

/** One call at the door, and what the model says will come of it. */
export interface Attempt {
  /** The same in every run of a seed. */
  readonly label: string;
  /** Undefined: nobody is signed in. */
  readonly by: Person | undefined;
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** What only the rows can tell, looked up just before. */
  readonly lookUp?: (rows: Client) => Promise<Readonly<Record<string, unknown>>>;
  readonly about: Errand | undefined;
  /** It takes an idempotency key. */
  readonly isKeyed: boolean;
  /** What a broken connection leaves of it is not known: guesses are counted apart. Default false. */
  readonly isUncut?: boolean;
  readonly predicted: Predicted;
}

export type Predicted =
  | { readonly refused: readonly string[]; readonly also?: () => void }
  | { readonly done: (payload: Payload) => Seen | undefined };

/** What a mutation answers, read as the fields that plays ask for. */
export interface Payload {
  readonly isReplay?: boolean;
  readonly errand?: { readonly id: string; readonly state: string; readonly version: number };
  readonly offer?: { readonly id: string; readonly state: string };
  readonly escrow?: {
    readonly id: string;
    readonly state: string;
    readonly released: { readonly minor: number | string };
    readonly refunded: { readonly minor: number | string };
  } | null;
  readonly dispute?: {
    readonly id: string;
    readonly state: string;
    readonly version: number;
    readonly decisions?: readonly { readonly id: string }[];
  };
  readonly wallet?: { readonly balance: { readonly minor: number | string } };
  readonly code?: string;
  readonly providerRef?: string;
  readonly charge?: { readonly providerRef: string };
  readonly journal?: { readonly id: string };
  readonly review?: { readonly version: number };
}

/** What the answer has to show, after the model has made the move too. */
export interface Seen {
  readonly errand?: Errand;
  readonly escrow?: Escrow | undefined;
  readonly dispute?: Dispute;
  readonly wallet?: bigint;
  readonly review?: ReviewGiven;
}

export interface Play {
  readonly name: string;
  /** How often it is drawn, beside the others. */
  readonly weight: number;
  /** Undefined when there is nothing to do it with. */
  draw(hand: Hand): Attempt | undefined;
}

export interface ErrandMove {
  readonly name: string;
  readonly weight: number;
  readonly document: string;
  readonly rule: Rule;
  /** Asked before everything else. */
  readonly roles?: readonly Role[];
  /** How the document calls the errand's id. Default `id`. */
  readonly idName?: string;
  /** Default true. */
  readonly isKeyed?: boolean;
  /** As of the attempt. */
  readonly isUncut?: boolean;
  /** Who does it where it fits. */
  readonly who: (errand: Errand, hand: Hand) => Person | undefined;
  /** Where it fits, beyond its states. Default everywhere. */
  readonly suits?: (errand: Errand, hand: Hand) => boolean;
  /** Draws the rest of the input, for `by`. */
  readonly input: (errand: Errand, hand: Hand, by: Person | undefined) => DrawnInput;
}

export interface DrawnInput {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly label?: string;
  /** What the guard or the input is refused with; the first one, or any of several. */
  readonly refused?: string | readonly string[] | undefined;
  /** What changes with such a refusal all the same. */
  readonly refusedAlso?: () => void;
  readonly done: (payload: Payload) => Seen | undefined;
}

/** A move of one errand by the rules of its table. */
export function errandPlay(move: ErrandMove): Play {
  const { name, weight, rule, document, idName = 'id', isKeyed = true, isUncut = false } = move;
  return {
    name,
    weight,
    draw(hand) {
      const malice = maliceOf(hand);
      const suits = (one: Errand): boolean => rule.from.includes(one.state) && (move.suits?.(one, hand) ?? true);
      const errand = pickErrand(hand, malice, suits);
      if (!errand) return undefined;
      const by = actorFor(hand, malice, errand, move.who(errand, hand));
      if (!by && !hand.isWild) return undefined;
      const expectedVersion = versionOf(hand, errand.version);
      const { variables, label, refused, refusedAlso, done } = move.input(errand, hand, by);
      const closed = by && move.roles && !move.roles.includes(by.role) ? 'FORBIDDEN' : undefined;
      const barred = closed ?? refusalOf(rule, errand, by, expectedVersion);
      const refusal = barred ?? refused;
      const also = barred === undefined && refusedAlso ? { also: refusedAlso } : {};
      return {
        label: [name, errand.name, label, versionLabel(expectedVersion), byLabel(by)].filter(Boolean).join(' '),
        by,
        document,
        variables: { [idName]: errand.id, expectedVersion, ...variables },
        about: errand,
        isKeyed,
        isUncut,
        predicted:
          refusal === undefined ? { done } : { refused: typeof refusal === 'string' ? [refusal] : refusal, ...also },
      };
    },
  };
}

/** What is wrong with a move: nothing, its time, who makes it, or whatever comes. One thing at a time finds a missing guard. */
export type Malice = 'none' | 'state' | 'actor' | 'any' | 'late';

export function maliceOf({ random, isWild, isLate = false }: Hand): Malice {
  if (isLate) return 'late';
  return isWild ? random.pick(['state', 'state', 'actor', 'any'] as const) : 'none';
}

export function pickErrand(
  { world, random }: Hand,
  malice: Malice,
  suits: (errand: Errand) => boolean,
  exists: (errand: Errand) => boolean = () => true,
): Errand | undefined {
  const recent = world.errands.slice(-60);
  const isBlind = malice === 'state' || malice === 'any';
  // What holds money is the likeliest to be touched, then what is under way; what has long been over is touched too.
  const alive = recent.filter(({ state }) => !endStates.includes(state));
  const atStake = alive.filter(({ escrow }) => escrow !== undefined && escrow.held > 0n);
  const blind = random.pick([atStake, atStake, alive, recent, world.errands]);
  const fitting = isBlind ? blind.filter(exists) : recent.filter(suits);
  return fitting.length > 0 ? random.pick(fitting) : undefined;
}

/** The one who may, where that is not what is wrong. */
export function actorFor(hand: Hand, malice: Malice, errand: Errand, right: Person | undefined): Person | undefined {
  if (malice === 'none') return right;
  return (malice === 'state' || malice === 'late') && right ? right : anybody(hand, errand);
}

/** Nobody, a party, or anybody of any market. */
export function anybody({ world, random }: Hand, errand?: Errand): Person | undefined {
  if (random.chance(6)) return undefined;
  if (errand && random.chance(40)) return random.chance(50) ? errand.customer : (errand.runner ?? errand.customer);
  return random.pick(world.people);
}

/** None, the right one or, by those who mean harm, another. */
export function versionOf({ random, isWild }: Hand, version: number): number | undefined {
  if (!random.chance(50)) return undefined;
  return isWild && random.chance(30) ? version + random.pick([-1, 1, 7]) : version;
}

export function versionLabel(version: number | undefined): string | undefined {
  return version === undefined ? undefined : `v${version}`;
}

export function byLabel(by: Person | undefined): string {
  return `by ${by?.name ?? 'nobody'}`;
}

export function isPartyOf(errand: Errand, by: Person): 'customer' | 'runner' | undefined {
  const kind = kindOf(by, errand);
  if (kind === 'customer') return 'customer';
  return kind === 'assignedRunner' ? 'runner' : undefined;
}

const hugeAmounts = ['0', '-1', '1000000001', '9223372036854775808', '9'.repeat(39), `-${'9'.repeat(39)}`] as const;

/** An amount that somebody honest gives, now and then at the limit; a wild one may be anything. */
export function drawAmount({ random, isWild }: Hand): { readonly minor: bigint; readonly isValid: boolean } {
  if (isWild && random.chance(40)) return { minor: BigInt(random.pick(hugeAmounts)), isValid: false };
  const minor = random.pick([1, 99, 250_000, random.int(1_000, 900_000), random.int(1_000, 900_000), 12_000_000]);
  return { minor: BigInt(random.chance(1) ? 1_000_000_000 : minor), isValid: true };
}
