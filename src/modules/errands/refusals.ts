import type { ErrorCode } from '../../kernel/index.js';

/** Why a transition that its state and actor allow does not happen. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The first of the refusals that applies, if any. */
export function firstOf(refusals: readonly (Refusal | false | undefined)[]): Refusal | undefined {
  return refusals.find((refusal) => typeof refusal === 'object');
}

/** Refuses until the time has come. */
export function due(at: Date | null, now: Date, name: string): Refusal | undefined {
  return at !== null && at <= now ? undefined : notYet(name);
}

export function notYet(name: string): Refusal {
  return illegal(`It is not time yet: ${name} has not passed.`);
}

export function illegal(message: string): Refusal {
  return { code: 'ILLEGAL_TRANSITION', message };
}

export function badInput(message: string): Refusal {
  return { code: 'BAD_INPUT', message };
}

/** A runner has one live offer on an errand at most. */
export const hasLiveOffer = {
  code: 'ALREADY_EXISTS',
  message: 'You have a live offer on this errand; withdraw it to make another.',
} as const satisfies Refusal;

/** Refuses while a dispute holds the escrow. */
export function notFrozen({ money }: { readonly money?: { readonly isFrozen: boolean } }): Refusal | undefined {
  return money?.isFrozen
    ? illegal('The escrow is frozen by a dispute; nothing flows out of it until that is decided.')
    : undefined;
}
