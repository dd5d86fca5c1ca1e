import { formatMoney, isStorable, notStorable, type Currency, type FieldFault } from '../../kernel/index.js';
import { refuse, textFaults } from '../errands/index.js';
import { disputeOutcomes, evidenceKinds, type DisputeOutcome, type EvidenceKind } from './dispute.js';
import { verdictOf, type Verdict } from './dispute.outcome.js';

export interface EvidenceInput {
  readonly kind: EvidenceKind;
  /** SHA-256 of the evidence, 64 hex digits. */
  readonly sha256: string;
  /** Where it is stored; up to 300 characters. */
  readonly mediaKey?: string | null | undefined;
  /** Up to 1,000 characters. */
  readonly note?: string | null | undefined;
}

export interface NewDispute {
  /** 10 to 2,000 characters, trimmed. The other party sees it at once. */
  readonly reason: string;
  /** Minor units of what the escrow holds that the claimant wants: back as its customer, released as its runner. */
  readonly claimMinor: bigint;
  /** Up to ten. Default none. */
  readonly evidence?: readonly EvidenceInput[] | null | undefined;
}

export interface DisputeResponse {
  /** 1 to 2,000 characters, trimmed. */
  readonly statement: string;
  /** Up to ten. Default none. */
  readonly evidence?: readonly EvidenceInput[] | null | undefined;
}

export interface ProposedResolution {
  readonly outcome: DisputeOutcome;
  /** With SPLIT: minor units that go back to the customer, above 0 and below what is held; else left out. */
  readonly customerAmountMinor?: bigint | null | undefined;
  /** 10 to 2,000 characters, trimmed; both parties see it once it is decided. */
  readonly reason: string;
}

const statementLengthMax = 2000;
const mediaKeyLengthMax = 300;
const noteLengthMax = 1000;
const evidencePerCallMax = 10;

/** @throws AppError BAD_INPUT listing every fault */
export function parseNewDispute(input: NewDispute, held: bigint, currency: Currency): { readonly reason: string } {
  const { claimMinor } = input;
  const most = formatMoney({ minor: held, currency });
  const claim = { path: 'input.claimMinor', message: `must be from 1 to ${held} (${most}), got ${claimMinor}.` };
  refuse([
    ...statementFaults('input.reason', input.reason, 10),
    ...(claimMinor >= 1n && claimMinor <= held ? [] : [claim]),
    ...evidenceFaults('input.evidence', input.evidence ?? []),
  ]);
  return { reason: input.reason.trim() };
}

/** @throws AppError BAD_INPUT listing every fault */
export function parseResponse({ statement, evidence }: DisputeResponse): { readonly statement: string } {
  refuse([...statementFaults('input.statement', statement, 1), ...evidenceFaults('input.evidence', evidence ?? [])]);
  return { statement: statement.trim() };
}

/** @throws AppError BAD_INPUT listing every fault */
export function parseEvidence(path: string, evidence: readonly EvidenceInput[]): readonly EvidenceInput[] {
  const none = evidence.length === 0 ? [{ path, message: 'takes at least one.' }] : [];
  refuse([...none, ...evidenceFaults(path, evidence)]);
  return evidence;
}

/** @throws AppError BAD_INPUT */
export function parseStatement(path: string, text: string): string {
  refuse(statementFaults(path, text, 1));
  return text.trim();
}

/** @throws AppError BAD_INPUT listing every fault */
export function parseResolution(
  { outcome, customerAmountMinor: amount, reason }: ProposedResolution,
  held: bigint,
): Verdict & { readonly reason: string } {
  const path = 'input.customerAmountMinor';
  const faults: FieldFault[] = [...statementFaults('input.reason', reason, 10)];
  if (!disputeOutcomes.includes(outcome))
    faults.push({ path: 'input.outcome', message: `must be one of ${disputeOutcomes.join(', ')}.` });
  else if (outcome !== 'SPLIT' && amount != null)
    faults.push({ path, message: `goes with SPLIT only; ${outcome} says itself who gets the money.` });
  else if (outcome === 'SPLIT' && !(amount != null && amount > 0n && amount < held))
    faults.push({ path, message: `must be from 1 to ${held - 1n} with SPLIT, got ${amount ?? 'nothing'}.` });
  refuse(faults);
  const customerAmount = { RELEASE: 0n, REFUND: held, SPLIT: amount ?? 0n }[outcome];
  return { ...verdictOf(customerAmount, held), reason: reason.trim() };
}

function statementFaults(path: string, text: string, lengthMin: number): readonly FieldFault[] {
  const { length } = text.trim();
  if (length < lengthMin || length > statementLengthMax)
    return [{ path, message: `takes ${lengthMin} to ${statementLengthMax} characters, got ${length}.` }];
  return isStorable(text) ? [] : [{ path, message: notStorable }];
}

function evidenceFaults(path: string, evidence: readonly EvidenceInput[]): readonly FieldFault[] {
  if (evidence.length > evidencePerCallMax)
    return [{ path, message: `takes up to ${evidencePerCallMax} at a time, got ${evidence.length}.` }];
  return evidence.flatMap(({ kind, sha256, mediaKey, note }, index) => {
    const at = `${path}.${index}`;
    const faults: FieldFault[] = [];
    if (!evidenceKinds.includes(kind))
      faults.push({ path: `${at}.kind`, message: `must be one of ${evidenceKinds.join(', ')}.` });
    if (!/^[0-9a-f]{64}$/i.test(sha256)) faults.push({ path: `${at}.sha256`, message: 'must be 64 hex digits.' });
    return [
      ...faults,
      ...textFaults(`${at}.mediaKey`, mediaKey, mediaKeyLengthMax),
      ...textFaults(`${at}.note`, note, noteLengthMax),
    ];
  });
}
