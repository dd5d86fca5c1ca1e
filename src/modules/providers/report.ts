import { isCurrency, type Money } from '../../kernel/index.js';
import { textAt } from './exact-json.js';
import type { Answer } from './http.ask.js';
import type { ChargeReport, TransferReport } from './provider.port.js';

type Unknown = Extract<TransferReport, { readonly kind: 'UNKNOWN' }>;

/** An answer that says neither yes nor no. What it was is told by its status only: bodies may hold account numbers. */
export function unreadableAnswer(answer: Answer): Unknown {
  const said = answer.kind === 'answer' ? `the provider answered ${answer.status} in an unknown form` : answer.reason;
  return { kind: 'UNKNOWN', reason: said };
}

/** The provider has the reference, so "not found" only means not yet; money under another amount is nothing we asked for. */
export function afterDuplicateTransfer(found: TransferReport, asked: Money): TransferReport {
  if (found.kind === 'NOT_FOUND') return seenButNotFound;
  const isOther = (found.kind === 'PAID' || found.kind === 'REVERSED') && !isSameMoney(found.amount, asked);
  return isOther ? otherAmount : found;
}

/** As `afterDuplicateTransfer`. A charge may bring in another amount than was asked for: that is for the caller to judge. */
export function afterDuplicateCharge(found: ChargeReport): ChargeReport {
  return found.kind === 'NOT_FOUND' ? seenButNotFound : found;
}

/** A refusal is of this call; an earlier one with the same reference may have gone through. */
export function afterRefusal(refusal: TransferReport, found: TransferReport): TransferReport {
  return found.kind === 'NOT_FOUND' ? refusal : found;
}

/** @returns undefined unless it is whole minor units, not negative, of a currency we trade in */
export function minorMoney(minor: string | undefined, currency: string | undefined): Money | undefined {
  if (minor === undefined || currency === undefined || !/^\d{1,18}$/.test(minor) || !isCurrency(currency))
    return undefined;
  return { minor: BigInt(minor), currency };
}

const seenButNotFound: Unknown = { kind: 'UNKNOWN', reason: 'the provider has the reference and does not show it yet' };
const otherAmount: Unknown = { kind: 'UNKNOWN', reason: 'the reference was used for another amount' };

function isSameMoney(one: Money, other: Money): boolean {
  return one.minor === other.minor && one.currency === other.currency;
}

export interface Refusal {
  readonly reason: string;
  /** Empty when there is none. */
  readonly code: string;
  /** It complains of the reference. Ours are well formed, so it was used before. */
  readonly isDuplicate: boolean;
}

const refusingStatuses: ReadonlySet<number> = new Set([400, 404, 409, 422]);

/** The definite no of an answer: a status that says nothing was done, and a message why. Otherwise undefined. */
export function refused(answer: Answer): Refusal | undefined {
  if (answer.kind !== 'answer' || !refusingStatuses.has(answer.status)) return undefined;
  const reason = textAt(answer.body, 'message');
  if (reason === undefined) return undefined;
  const code = textAt(answer.body, 'code') ?? '';
  const isDuplicate = answer.status === 409 || /reference|duplicate|already/i.test(`${reason} ${code}`);
  return { reason, code, isDuplicate };
}
