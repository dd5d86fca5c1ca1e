import { AppError, invariant, isStaff, notFound, type Viewer } from '../../kernel/index.js';
import type { Posting } from '../ledger/index.js';
import { canSee, isAssignedRunner, isCustomer, type Errand, type ErrandState } from './errand.js';
import { illegal, type Refusal } from './refusals.js';
import type { ActorKind, Facts, TransitionRule } from './transition.rule.js';
import { actorsOf, ruleOf, transitionNames, type TransitionName } from './transitions.js';

/** Who acts, seen from one errand. */
export interface Actor {
  readonly kind: ActorKind;
  /** Null for a timer. */
  readonly userId: string | null;
  /** Whether a draft shows itself to this one. */
  readonly canSee: boolean;
}

/** What a transition does, before anything is written. */
export interface Decision {
  readonly transition: TransitionName;
  readonly from: ErrandState;
  readonly to: ErrandState;
  readonly postings: readonly Posting[];
  readonly event: TransitionEvent;
}

export interface TransitionEvent {
  readonly transition: TransitionName | 'post';
  /** Null when the errand was just written down. */
  readonly from: ErrandState | null;
  readonly to: ErrandState;
  readonly actorId: string | null;
  readonly actorRole: ActorKind;
  readonly at: Date;
}

export const systemActor: Actor = { kind: 'system', userId: null, canSee: true };

export function actorOf(viewer: Viewer, errand: Errand): Actor {
  const userId = viewer.kind === 'user' ? viewer.userId : null;
  return { kind: kindOf(viewer, errand), userId, canSee: canSee(viewer, errand) };
}

/** What a transition would do, or why it would not happen. */
export type Preview =
  | { readonly decision: Decision; readonly refusal?: undefined }
  | { readonly decision?: undefined; readonly refusal: Refusal };

/**
 * Whether a transition may happen, and what it does. Pure: the answer is a function of the facts, the actor and the time.
 * @throws AppError NOT_FOUND when the actor may not even see the errand, FORBIDDEN when it is not the one to do this,
 * VERSION_CONFLICT when the errand changed since the caller looked, ILLEGAL_TRANSITION naming the state and what it
 * allows, or what the guard refuses with
 */
export function decide(name: TransitionName, facts: Facts, actor: Actor, now: Date): Decision {
  const { decision, refusal } = preview(name, facts, actor, now);
  if (decision) return decision;
  throw new AppError(refusal.code, refusal.message);
}

/** As `decide`, for who only wants to know: what it would throw is the refusal. */
export function preview(name: TransitionName, facts: Facts, actor: Actor, now: Date): Preview {
  const refusal = refusalOf(name, facts, actor, now);
  if (refusal) return { refusal };
  const rule = ruleOf(name);
  const from = facts.errand.state;
  const to = destinationOf(rule, facts);
  const event = { transition: name, from, to, actorId: actor.userId, actorRole: actor.kind, at: now };
  return { decision: { transition: name, from, to, postings: rule.postings(facts), event } };
}

/** Whether a transition is one for this actor, in some state of the errand. */
export function isFor(name: TransitionName, actor: Actor): boolean {
  return actor.canSee && actorsOf(ruleOf(name)).some((required) => standsFor(actor.kind, required));
}

function refusalOf(name: TransitionName, facts: Facts, actor: Actor, now: Date): Refusal | undefined {
  const { errand, expectedVersion } = facts;
  const rule = ruleOf(name);
  if (!actor.canSee) return notFound('errand', errand.id);
  if (!isFor(name, actor)) {
    const who = actorsOf(rule).map((kind) => whoIs[kind]);
    return { code: 'FORBIDDEN', message: `Only ${who.join(' or ')} may ${phraseOf(name)}.` };
  }
  return (
    versionRefusal(errand, expectedVersion, 'errand') ??
    (rule.from.includes(errand.state) ? rule.guard(facts, now) : illegalTransition(name, errand.state))
  );
}

function destinationOf({ to }: TransitionRule, { errand, dispute }: Facts): ErrandState {
  if (to === 'same') return errand.state;
  if (to !== 'asBeforeDispute') return to;
  invariant(dispute, `errand ${errand.id} goes back to before a dispute that was not looked at`);
  return dispute.openedFrom;
}

/** @throws AppError VERSION_CONFLICT */
export function requireVersion(
  { version }: { readonly version: number },
  expected: number | null | undefined,
  what = 'errand',
): void {
  const refusal = versionRefusal({ version }, expected, what);
  if (refusal) throw new AppError(refusal.code, refusal.message);
}

function versionRefusal(
  { version }: { readonly version: number },
  expected: number | null | undefined,
  what: string,
): Refusal | undefined {
  if (expected == null || expected === version) return undefined;
  const message = `The ${what} is at version ${version} and you expected ${expected}: read it again.`;
  return { code: 'VERSION_CONFLICT', message };
}

/** An assigned runner is still a runner. */
function standsFor(actual: ActorKind, required: ActorKind): boolean {
  return actual === required || (actual === 'assignedRunner' && required === 'runner');
}

function kindOf(viewer: Viewer, errand: Errand): ActorKind {
  if (viewer.tenantId !== errand.tenantId) return 'stranger';
  if (isCustomer(viewer, errand)) return 'customer';
  if (isAssignedRunner(viewer, errand)) return 'assignedRunner';
  if (viewer.roles.has('RUNNER')) return 'runner';
  return isStaff(viewer) ? 'staff' : 'stranger';
}

function illegalTransition(name: TransitionName, state: ErrandState): Refusal {
  const from = ruleOf(name).from.join(' or ');
  const allowed = transitionNames.filter(
    (other) => ruleOf(other).from.includes(state) && !actorsOf(ruleOf(other)).includes('system'),
  );
  const instead = allowed.length === 0 ? 'nothing more can be done with it' : `it allows ${allowed.join(', ')}`;
  return illegal(`The errand is ${state}, ${name} needs ${from}; ${instead}.`);
}

function phraseOf(name: TransitionName): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

const whoIs = {
  customer: 'the customer of the errand',
  runner: 'a runner who is not the customer',
  assignedRunner: 'the assigned runner',
  staff: 'staff',
  stranger: 'nobody',
  system: 'a timer',
} as const satisfies Record<ActorKind, string>;
