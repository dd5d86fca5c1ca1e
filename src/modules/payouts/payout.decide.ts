import { AppError, notFound, type Viewer } from '../../kernel/index.js';
import { requireVersion } from '../errands/index.js';
import type { Posting } from '../ledger/index.js';
import { canSeePayout, type PayoutState } from './payout.js';
import type { PayoutActorKind, PayoutFacts, PayoutTerms } from './payout.rule.js';
import {
  payoutActorsOf,
  payoutRuleOf,
  payoutTransitionNames,
  type PayoutTransitionName,
} from './payout.transitions.js';

/** Who acts, seen from one payout. */
export interface PayoutActor {
  readonly kind: PayoutActorKind;
  /** Null for a rule or the worker. */
  readonly userId: string | null;
  readonly canSee: boolean;
}

/** What a transition does, before anything is written. */
export interface PayoutDecision {
  readonly transition: PayoutTransitionName;
  readonly from: PayoutState | null;
  readonly to: PayoutState;
  readonly postings: readonly Posting[];
  readonly actor: PayoutActor;
  readonly at: Date;
}

export const payoutSystem: PayoutActor = { kind: 'system', userId: null, canSee: true };

export function payoutActorOf(viewer: Viewer, payout: Pick<PayoutTerms, 'id' | 'tenantId' | 'userId'>): PayoutActor {
  const userId = viewer.kind === 'user' ? viewer.userId : null;
  return { kind: kindOf(viewer, payout), userId, canSee: canSeePayout(viewer, payout) };
}

/**
 * Whether a transition may happen, and what it does. Pure: the answer is a function of the facts, the actor and the time.
 * @throws AppError NOT_FOUND when the actor may not see the payout, FORBIDDEN when it is not the one to do this,
 * VERSION_CONFLICT, ILLEGAL_TRANSITION naming the state and what it allows, or what the guard refuses with
 */
export function decidePayout(
  name: PayoutTransitionName,
  facts: PayoutFacts,
  actor: PayoutActor,
  now: Date,
): PayoutDecision {
  const { payout, expectedVersion } = facts;
  const rule = payoutRuleOf(name);
  if (!actor.canSee) throw notFound('payout', payout.id);
  const actors = payoutActorsOf(rule);
  if (!actors.includes(actor.kind)) {
    throw new AppError('FORBIDDEN', `Only ${actors.map((kind) => whoIs[kind]).join(' or ')} may ${name} a payout.`);
  }
  requireVersion(payout, expectedVersion, 'payout');
  if (!rule.from.includes(payout.state)) throw illegalTransition(name, payout.state);
  const refusal = rule.guard(facts, now);
  if (refusal) throw new AppError(refusal.code, refusal.message);
  return { transition: name, from: payout.state, to: rule.to, postings: rule.postings(facts), actor, at: now };
}

function kindOf(viewer: Viewer, { tenantId, userId }: Pick<PayoutTerms, 'tenantId' | 'userId'>): PayoutActorKind {
  if (viewer.kind !== 'user' || viewer.tenantId !== tenantId) return 'stranger';
  if (viewer.userId === userId) return 'owner';
  return viewer.roles.has('FINANCE') ? 'finance' : 'stranger';
}

function illegalTransition(name: PayoutTransitionName, state: PayoutState | null): AppError {
  const from = payoutRuleOf(name)
    .from.map((one) => one ?? 'none')
    .join(' or ');
  const allowed = payoutTransitionNames.filter((other) => payoutRuleOf(other).from.includes(state));
  const instead = allowed.length === 0 ? 'nothing more can be done with it' : `it allows ${allowed.join(', ')}`;
  return new AppError('ILLEGAL_TRANSITION', `The payout is ${state ?? 'there'}, ${name} needs ${from}; ${instead}.`);
}

const whoIs = {
  owner: 'its owner',
  finance: 'somebody of FINANCE who is not its owner',
  stranger: 'nobody',
  system: 'the server itself',
} as const satisfies Record<PayoutActorKind, string>;
