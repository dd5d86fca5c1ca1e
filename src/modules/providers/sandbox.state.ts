import { parseCurrency, type Money } from '../../kernel/index.js';
import type { BookItem } from './provider.port.js';
import type { BookLine, DueStep } from './sandbox.lines.js';

export interface BookCharge {
  readonly kind: 'charge';
  readonly id: string;
  readonly reference: string;
  readonly asked: Money;
  readonly email: string;
  readonly steps: readonly DueStep[];
  readonly createdAt: Date;
  state: 'PENDING' | 'SUCCEEDED' | 'FAILED' | 'REVERSED';
  /** What arrived; undefined until it did. */
  paid?: Money;
  fee: bigint;
  reason?: string;
  /** What was charged back so far; in minor units. */
  chargedBack: bigint;
}

export interface BookTransfer {
  readonly kind: 'transfer';
  readonly id: string;
  readonly reference: string;
  /** What was asked for; what was paid once it is. */
  amount: Money;
  readonly steps: readonly DueStep[];
  readonly createdAt: Date;
  state: 'NEEDS_OTP' | 'PENDING' | 'PAID' | 'FAILED' | 'REVERSED';
  fee: bigint;
  reason?: string;
}

export interface BookState {
  readonly charges: Map<string, BookCharge>;
  readonly transfers: Map<string, BookTransfer>;
  readonly items: BookItem[];
  /** To which something may still happen by itself. */
  readonly waiting: Set<BookCharge | BookTransfer>;
}

type LineOf<Type extends BookLine['type']> = Extract<BookLine, { readonly type: Type }>;

export function emptyState(): BookState {
  return { charges: new Map(), transfers: new Map(), items: [], waiting: new Set() };
}

/** What a line does to the book; undefined when the state does not allow it, so that the first of two lines counts. */
export function effectOf(state: BookState, line: BookLine): (() => void) | undefined {
  switch (line.type) {
    case 'charge.created':
      return state.charges.has(line.reference) ? undefined : () => openCharge(state, line);
    case 'transfer.created':
      return state.transfers.has(line.reference) ? undefined : () => openTransfer(state, line);
    case 'charge.succeeded':
    case 'charge.failed':
    case 'charge.chargedBack':
    case 'charge.reversed':
      return effectOnCharge(state, line);
    default:
      return effectOnTransfer(state, line);
  }
}

function openCharge(state: BookState, line: LineOf<'charge.created'>): void {
  const { id, reference, email, steps, at } = line;
  const opened = { kind: 'charge', id, reference, email, steps, createdAt: new Date(at) } as const;
  const charge: BookCharge = { ...opened, asked: moneyOf(line), state: 'PENDING', fee: 0n, chargedBack: 0n };
  state.charges.set(reference, charge);
  if (steps.length > 0) state.waiting.add(charge);
}

function openTransfer(state: BookState, line: LineOf<'transfer.created'>): void {
  const { id, reference, steps, at, needsOtp } = line;
  const opened = { kind: 'transfer', id, reference, steps, createdAt: new Date(at) } as const;
  const first = needsOtp ? 'NEEDS_OTP' : 'PENDING';
  const transfer: BookTransfer = { ...opened, amount: moneyOf(line), state: first, fee: 0n };
  state.transfers.set(reference, transfer);
  if (steps.length > 0) state.waiting.add(transfer);
}

function effectOnCharge(
  { charges, items }: BookState,
  line: LineOf<'charge.succeeded' | 'charge.failed' | 'charge.chargedBack' | 'charge.reversed'>,
): (() => void) | undefined {
  const charge = charges.get(line.reference);
  const paid = charge?.paid;
  const move = (kind: BookItem['kind'], amount: Money, fee: bigint): void =>
    void items.push(itemOf(kind, line, amount, fee));
  if (line.type === 'charge.reversed') {
    if (charge?.state !== 'SUCCEEDED' || !paid) return undefined;
    return () => {
      const left = paid.minor - charge.chargedBack;
      Object.assign(charge, { state: 'REVERSED' as const, reason: line.reason, chargedBack: paid.minor });
      if (left > 0n) move('chargeback', { minor: left, currency: paid.currency }, 0n);
    };
  }
  if (line.type === 'charge.chargedBack') {
    const minor = BigInt(line.minor);
    if (!charge || !paid || minor <= 0n || charge.chargedBack + minor > paid.minor) return undefined;
    return () => {
      charge.chargedBack += minor;
      move('chargeback', { minor, currency: paid.currency }, 0n);
    };
  }
  if (charge?.state !== 'PENDING') return undefined;
  if (line.type === 'charge.failed')
    return () => void Object.assign(charge, { state: 'FAILED' as const, reason: line.reason });
  const arrived = { minor: BigInt(line.minor), currency: charge.asked.currency };
  return () => {
    Object.assign(charge, { state: 'SUCCEEDED' as const, paid: arrived, fee: BigInt(line.fee) });
    move('charge', arrived, charge.fee);
  };
}

function effectOnTransfer(
  { transfers, items }: BookState,
  line: LineOf<'transfer.confirmed' | 'transfer.paid' | 'transfer.failed' | 'transfer.reversed'>,
): (() => void) | undefined {
  const transfer = transfers.get(line.reference);
  if (!transfer || !transferMayTake[line.type].includes(transfer.state)) return undefined;
  return () => {
    if (line.type === 'transfer.confirmed') transfer.state = 'PENDING';
    if (line.type === 'transfer.failed') Object.assign(transfer, { state: 'FAILED' as const, reason: line.reason });
    if (line.type === 'transfer.reversed') Object.assign(transfer, { state: 'REVERSED' as const, reason: line.reason });
    if (line.type === 'transfer.paid') {
      const amount = { ...transfer.amount, ...(line.minor !== undefined && { minor: BigInt(line.minor) }) };
      Object.assign(transfer, { state: 'PAID' as const, fee: BigInt(line.fee), amount });
    }
    if (line.type === 'transfer.paid') items.push(itemOf('transfer', line, transfer.amount, transfer.fee));
    if (line.type === 'transfer.reversed') items.push(itemOf('reversal', line, transfer.amount, 0n));
  };
}

const transferMayTake: Readonly<Record<`transfer.${'confirmed' | 'paid' | 'failed' | 'reversed'}`, readonly string[]>> =
  {
    'transfer.confirmed': ['NEEDS_OTP'],
    'transfer.paid': ['PENDING'],
    'transfer.failed': ['PENDING', 'NEEDS_OTP'],
    'transfer.reversed': ['PAID'],
  };

function itemOf(kind: BookItem['kind'], { id, reference, at }: BookLine, amount: Money, fee: bigint): BookItem {
  const item = { kind, reference, amount, fee: { minor: fee, currency: amount.currency }, at: new Date(at) };
  return kind === 'chargeback' ? { ...item, eventId: id } : item;
}

function moneyOf({ minor, currency }: { readonly minor: string; readonly currency: string }): Money {
  return { minor: BigInt(minor), currency: parseCurrency(currency) };
}
