import { appealWindowMs, takeEffect } from '../model/timers.js';
import { fourEyesAbove, isArbiter, type Decision, type Dispute, type Errand, type Person } from '../model/world.js';
import type { Play } from './attempt.js';
import { disputePlay, late, notIn, oneTo } from './dispute.move.js';

const propose = disputePlay({
  name: 'proposeResolution',
  weight: 5,
  takes: [', $input: ProposeResolutionInput!', ', input: $input'],
  roles: ['ARBITER', 'ADMIN'],
  actors: ['staff'],
  states: ['UNDER_REVIEW', 'APPEALED'],
  who: ({ market }, _dispute, { random }) => random.pick(market.people.filter(isArbiter)),
  guard: (dispute, by, _errand, nowMs) => mayDecide(dispute, by, nowMs),
  input(errand, dispute, { random, nowMs, isWild }, by) {
    const held = errand.escrow?.held ?? 0n;
    const outcome =
      held > 1n ? random.pick(['RELEASE', 'REFUND', 'SPLIT'] as const) : random.pick(['RELEASE', 'REFUND'] as const);
    const isBad = isWild && random.chance(30);
    const part = outcome === 'SPLIT' ? oneTo(held - 1n, random.int(1, 100)) : undefined;
    const given = isBad ? held + 1n : part;
    const customerAmount = outcome === 'RELEASE' ? 0n : (part ?? held);
    return {
      variables: {
        input: { outcome, customerAmountMinor: given?.toString(), reason: 'What both of them showed.' },
      },
      label: `${outcome} ${given ?? ''}`.trim(),
      refused: isBad ? 'BAD_INPUT' : undefined,
      done: (payload) => {
        const id = payload.dispute!.decisions!.at(-1)!.id;
        const decision: Decision = { id, by, customerAmount, approvedBy: undefined, isDecided: held <= fourEyesAbove };
        dispute.decisions.push(decision);
        if (decision.isDecided) inForce(errand, dispute, nowMs);
      },
    };
  },
});

const approve = disputePlay({
  name: 'approveResolution',
  weight: 3,
  takes: [', $decisionId: ID!', ', decisionId: $decisionId'],
  roles: ['ARBITER', 'ADMIN'],
  actors: ['staff'],
  states: ['UNDER_REVIEW', 'APPEALED'],
  who: ({ market }, dispute) => market.people.find((one) => isArbiter(one) && one !== pendingOf(dispute)?.by),
  guard: (dispute, by, _errand, nowMs) => {
    const proposal = pendingOf(dispute);
    const own = proposal?.by === by ? 'FORBIDDEN' : undefined;
    return mayDecide(dispute, by, nowMs) ?? (proposal ? own : 'ILLEGAL_TRANSITION');
  },
  input(errand, dispute, { nowMs, isWild, random }, by) {
    const isOther = isWild && random.chance(30);
    const decisionId = isOther ? '00000000-0000-7000-8000-000000000000' : (pendingOf(dispute)?.id ?? errand.id);
    return {
      variables: { decisionId },
      label: isOther ? 'another proposal' : '',
      refused: isOther ? 'VERSION_CONFLICT' : undefined,
      done: () => {
        const proposal = pendingOf(dispute)!;
        proposal.approvedBy = by;
        proposal.isDecided = true;
        inForce(errand, dispute, nowMs);
      },
    };
  },
});

function mayDecide(dispute: Dispute, by: Person, nowMs: number): string | undefined {
  const decided = dispute.decisions.findLast(({ isDecided }) => isDecided);
  const hasDecided = decided !== undefined && (decided.by === by || decided.approvedBy === by);
  return (
    notIn(dispute, 'UNDER_REVIEW', 'APPEALED') ??
    (dispute.state === 'APPEALED' && hasDecided ? 'FORBIDDEN' : undefined) ??
    late(dispute, nowMs)
  );
}

/** The newest proposal, unless something has been decided since. */
function pendingOf({ decisions }: Dispute): Decision | undefined {
  const last = decisions.at(-1);
  return last && !last.isDecided ? last : undefined;
}

/** A first decision can be appealed; one on appeal is paid out at once. */
function inForce(errand: Errand, dispute: Dispute, nowMs: number): void {
  if (dispute.state === 'APPEALED') return takeEffect(errand, dispute, nowMs);
  dispute.state = 'RESOLVED';
  dispute.dueAtMs = nowMs + appealWindowMs;
  dispute.version += 1;
}

export const decisionPlays: readonly Play[] = [propose, approve];
