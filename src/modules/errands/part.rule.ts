import { invariant } from '../../kernel/index.js';
import type { ActorKind } from './transition.rule.js';
import type { TransitionName } from './transitions.js';

/** A move of something that belongs to an errand: an offer on it, its escrow, a dispute about it. */
export interface PartRule<State extends string = string> {
  /** Empty: it begins with this. */
  readonly from: readonly State[];
  readonly to: State;
  /** The transitions of the errand that it is part of, in one transaction. Empty: it happens by itself. */
  readonly with: readonly TransitionName[];
  /** Who makes a move that happens by itself. */
  readonly actor?: ActorKind;
  readonly description: string;
}

export type PartTable<State extends string = string> = Readonly<Record<string, PartRule<State>>>;

/** Whether a table has such a move. @param from null: it begins */
export function hasMove<State extends string>(table: PartTable<State>, from: State | null, to: State): boolean {
  return Object.values(table).some(
    (rule) => rule.to === to && (from === null ? rule.from.length === 0 : rule.from.includes(from)),
  );
}

/** Refuses to write a state that the table does not lead to: a defect, whoever asked. @throws Error by `invariant` */
export function assertMove<State extends string>(
  table: PartTable<State>,
  what: string,
  from: State | null,
  to: State,
): void {
  invariant(hasMove(table, from, to), `${what} does not go from ${from ?? 'nothing'} to ${to}`);
}
