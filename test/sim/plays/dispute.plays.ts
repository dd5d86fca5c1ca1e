import type { Kind } from '../model/rules.js';
import { moveTo } from '../model/timers.js';
import { hourMs, type Dispute, type Errand, type Person } from '../model/world.js';
import { errandPlay, isPartyOf, type Payload, type Play, type Seen } from './attempt.js';
import { answer, disputePlay, late, notIn, oneTo } from './dispute.move.js';

const responseWindowMs = 48 * hourMs;
const decisionWindowMs = 72 * hourMs;
const disputesMax = 3;
const evidenceMax = 20;
const photo = { kind: 'PHOTO', sha256: 'cd'.repeat(32), note: 'As it was.' };

const openDispute = errandPlay({
  name: 'openDispute',
  weight: 5,
  idName: 'errandId',
  document: `mutation ($errandId: ID!, $input: OpenDisputeInput!, $expectedVersion: Int, $key: String) { openDispute(errandId: $errandId, input: $input, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay ${answer} } }`,
  rule: { actors: ['customer', 'assignedRunner'], from: ['IN_PROGRESS', 'DELIVERED'] },
  who: (errand, { random }) => (random.chance(65) ? errand.customer : errand.runner),
  input(errand, { random, nowMs, isWild, world }, by) {
    const held = errand.escrow?.held ?? 0n;
    const isBad = isWild && random.chance(30);
    const claim = isBad ? random.pick([0n, -1n, held + 1n]) : oneTo(held, random.int(1, 100));
    const evidence = random.chance(50) ? [photo] : [];
    const party = by ? isPartyOf(errand, by) : undefined;
    const isOver = held === 0n || (errand.state === 'DELIVERED' && errand.autoReleaseAtMs! <= nowMs);
    const isOnceTooOften = party !== undefined && (errand.escrow?.disputesOpened[party] ?? 0) >= disputesMax;
    const refused = isOver ? 'ILLEGAL_TRANSITION' : isOnceTooOften ? 'LIMIT_EXCEEDED' : isBad ? 'BAD_INPUT' : undefined;
    const done = ({ dispute }: Payload): Seen => {
      errand.escrow!.disputesOpened[party!] += 1;
      const opened: Dispute = {
        name: `D${world.errands.indexOf(errand) + 1}`,
        id: dispute!.id,
        runner: errand.escrow!.runner,
        openedByCustomer: party === 'customer',
        openedFrom: errand.state as Dispute['openedFrom'],
        openedAtMs: nowMs,
        claim,
        evidence: { customer: 0, runner: 0 },
        decisions: [],
        state: 'AWAITING_RESPONSE',
        version: 1,
        dueAtMs: nowMs + responseWindowMs,
      };
      opened.evidence[party!] += evidence.length;
      errand.dispute = opened;
      moveTo(errand, 'DISPUTED');
      return { errand, dispute: opened };
    };
    return {
      variables: { input: { reason: 'It never came to my door.', claimMinor: claim.toString(), evidence } },
      label: `claims ${claim}`,
      refused,
      done,
    };
  },
});

function openerOf({ openedByCustomer, runner }: Dispute, { customer }: Errand): Person {
  return openedByCustomer ? customer : runner;
}

function otherOf(dispute: Dispute, errand: Errand): Person {
  return dispute.openedByCustomer ? dispute.runner : errand.customer;
}

const parties: readonly Kind[] = ['customer', 'assignedRunner'];

const respond = disputePlay({
  name: 'respondToDispute',
  weight: 4,
  takes: [', $input: RespondToDisputeInput!', ', input: $input'],
  actors: parties,
  states: ['AWAITING_RESPONSE'],
  who: (errand, dispute) => otherOf(dispute, errand),
  guard: (dispute, by, errand, nowMs) =>
    notIn(dispute, 'AWAITING_RESPONSE') ??
    (by === openerOf(dispute, errand) ? 'FORBIDDEN' : undefined) ??
    late(dispute, nowMs),
  input: (_errand, dispute, { nowMs }) => ({
    variables: { input: { statement: 'It was left at the gate.' } },
    done: () => {
      dispute.state = 'UNDER_REVIEW';
      dispute.dueAtMs = nowMs + decisionWindowMs;
      dispute.version += 1;
    },
  }),
});

const addEvidence = disputePlay({
  name: 'addEvidence',
  weight: 2,
  takes: [', $evidence: [EvidenceInput!]!', ', evidence: $evidence'],
  actors: parties,
  states: ['AWAITING_RESPONSE', 'UNDER_REVIEW', 'APPEALED'],
  who: (errand, dispute, { random }) => (random.chance(50) ? errand.customer : dispute.runner),
  guard: (dispute) => notIn(dispute, 'AWAITING_RESPONSE', 'UNDER_REVIEW', 'APPEALED'),
  input(errand, dispute, { random, isWild }, by) {
    const evidence = isWild && random.chance(30) ? [] : Array.from({ length: random.int(1, 9) }, () => photo);
    const party = by ? isPartyOf(errand, by) : undefined;
    const shown = party ? dispute.evidence[party] : 0;
    return {
      variables: { evidence },
      label: `${evidence.length}`,
      refused:
        evidence.length === 0 ? 'BAD_INPUT' : shown + evidence.length > evidenceMax ? 'LIMIT_EXCEEDED' : undefined,
      done: () => void (dispute.evidence[party!] += evidence.length),
    };
  },
});

const withdraw = disputePlay({
  name: 'withdrawDispute',
  weight: 1,
  takes: ['', ''],
  actors: parties,
  states: ['AWAITING_RESPONSE', 'UNDER_REVIEW'],
  who: (errand, dispute) => openerOf(dispute, errand),
  guard: (dispute, by, errand) =>
    notIn(dispute, 'AWAITING_RESPONSE', 'UNDER_REVIEW') ?? (by === openerOf(dispute, errand) ? undefined : 'FORBIDDEN'),
  input: (errand, dispute, { nowMs }) => ({
    variables: {},
    done: () => {
      dispute.state = 'WITHDRAWN';
      dispute.dueAtMs = undefined;
      dispute.version += 1;
      moveTo(errand, dispute.openedFrom);
      // The time to look at the proof stood still.
      if (errand.autoReleaseAtMs !== undefined) errand.autoReleaseAtMs += nowMs - dispute.openedAtMs;
    },
  }),
});

const appeal = disputePlay({
  name: 'appealDispute',
  weight: 3,
  takes: [', $reason: String!', ', reason: $reason'],
  actors: parties,
  states: ['RESOLVED'],
  who: (errand, dispute, { random }) => (random.chance(50) ? errand.customer : dispute.runner),
  guard: (dispute, _by, _errand, nowMs) => notIn(dispute, 'RESOLVED') ?? late(dispute, nowMs),
  input: (_errand, dispute, { nowMs }) => ({
    variables: { reason: 'Nobody asked the guard.' },
    done: () => {
      dispute.state = 'APPEALED';
      dispute.dueAtMs = nowMs + decisionWindowMs;
      dispute.version += 1;
    },
  }),
});

export const disputePlays: readonly Play[] = [openDispute, respond, addEvidence, withdraw, appeal];
