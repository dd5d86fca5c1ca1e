import { isStaff, type Dispute, type Errand, type ErrandState, type Person } from './world.js';

export type Kind = 'customer' | 'assignedRunner' | 'runner' | 'staff' | 'stranger';

/** Who may do something to an errand, and where it must stand. */
export interface Rule {
  readonly actors: readonly Kind[];
  readonly from: readonly ErrandState[];
}

/** Who somebody is, seen from an errand of their market. */
export function kindOf(by: Person, errand: Errand): Kind {
  if (by === errand.customer) return 'customer';
  if (by === errand.runner) return 'assignedRunner';
  if (by.role === 'RUNNER') return 'runner';
  return isStaff(by) ? 'staff' : 'stranger';
}

/** Drafts, discarded ones too, are their customer's and staff's; whatever was published is everybody's of the market. */
export function sees(by: Person | undefined, errand: Errand): boolean {
  if (by && by.market !== errand.market) return false;
  const isDraft = errand.state === 'DRAFT' || (errand.state === 'CANCELLED' && !errand.wasPublished);
  return !isDraft || (by !== undefined && (by === errand.customer || isStaff(by)));
}

/** Addresses, proofs, money. */
export function seesPrivate(by: Person | undefined, errand: Errand): boolean {
  if (!by || by.market !== errand.market) return false;
  return by === errand.customer || by === errand.runner || isStaff(by);
}

/** Two parties, and those whose job it is. FINANCE has no business with a dispute. */
export function seesDispute(by: Person, errand: Errand, { runner }: Dispute): boolean {
  if (by.market !== errand.market) return false;
  const isParty = by === errand.customer || by === runner;
  return isParty || (isStaff(by) && by.role !== 'FINANCE');
}

/**
 * Why the table of transitions refuses somebody's move, before its guard is asked; undefined when it does not. The order is
 * part of the promise: nobody learns of what they may not see, or of its version before its secrecy.
 */
export function refusalOf(
  { actors, from }: Rule,
  errand: Errand,
  by: Person | undefined,
  expectedVersion?: number,
): string | undefined {
  if (!by) return 'UNAUTHENTICATED';
  if (by.market !== errand.market || !sees(by, errand)) return 'NOT_FOUND';
  const kind = kindOf(by, errand);
  const stands = actors.includes(kind) || (kind === 'assignedRunner' && actors.includes('runner'));
  if (!stands) return 'FORBIDDEN';
  if (expectedVersion !== undefined && expectedVersion !== errand.version) return 'VERSION_CONFLICT';
  return from.includes(errand.state) ? undefined : 'ILLEGAL_TRANSITION';
}
