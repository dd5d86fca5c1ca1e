import { basisPointsOf, uuidv7, type Clock, type Money } from '../../kernel/index.js';
import type { BookItem } from './provider.port.js';
import { linesInFile, linesInMemory, type BookLine, type DueStep } from './sandbox.lines.js';
import { aWhileMs, planOfCharge, planOfTransfer, type PlannedStep } from './sandbox.magic.js';
import { effectOf, emptyState, type BookCharge, type BookTransfer } from './sandbox.state.js';

export interface BookOptions {
  readonly clock: Clock;
  /** JSON lines that the book is replayed from; processes of one machine may share it. Default: in memory. */
  readonly file?: string | undefined;
  readonly fees?: BookFees | undefined;
  /** Told of every line that counted and was written here. */
  readonly onLine?: ((line: BookLine) => void) | undefined;
}

export interface BookFees {
  /** Of a charge, rounded up. Default 150: 1.5 %. */
  readonly chargeBasisPoints: number;
  /** Of a transfer; in minor units. Default 1,000. */
  readonly transferMinor: bigint;
}

export interface NewCharge {
  readonly reference: string;
  readonly amount: Money;
  readonly email: string;
}

export interface NewTransfer {
  readonly reference: string;
  readonly amount: Money;
  /** Decides how it goes and is not kept. */
  readonly accountNumber: string;
}

/** A provider's own book. What it is told is done once per reference, and it forgets nothing. */
export interface SandboxBook {
  /** @returns false when the reference was used before; then nothing changed */
  charge(charge: NewCharge): boolean;
  /** @returns false when the reference was used before; then nothing changed */
  transfer(transfer: NewTransfer): boolean;
  chargeOf(reference: string): BookCharge | undefined;
  transferOf(reference: string): BookTransfer | undefined;
  /** The moves by hand. @returns false when the state does not allow it; then nothing changed */
  succeedCharge(reference: string, minor?: bigint): boolean;
  failCharge(reference: string, reason?: string): boolean;
  chargeBack(reference: string, minor?: bigint, reason?: string): boolean;
  /** The whole charge goes back, told by nothing but the charge itself. */
  reverseCharge(reference: string, reason?: string): boolean;
  confirmTransfer(reference: string): boolean;
  /** @param minor what is paid, when it is not what was asked for */
  payTransfer(reference: string, minor?: bigint): boolean;
  failTransfer(reference: string, reason?: string): boolean;
  reverseTransfer(reference: string, reason?: string): boolean;
  /** Does what is due by the clock. Every other method does that first. */
  tick(): void;
  /** What moved money, oldest first, from `from` up to but not at `until`. Default: all of it. */
  items(from?: Date, until?: Date): readonly BookItem[];
}

/** A line without what the book itself puts on it. */
type Draft = BookLine extends infer Line ? (Line extends BookLine ? Omit<Line, 'id' | 'at'> : never) : never;

const standardFees: BookFees = { chargeBasisPoints: 150, transferMinor: 1_000n };

export function createSandboxBook({ clock, file, fees = standardFees, onLine }: BookOptions): SandboxBook {
  const lines = file === undefined ? linesInMemory() : linesInFile(file);
  const state = emptyState();

  return {
    charge({ reference, amount, email }) {
      tick();
      const steps = planOfCharge(amount, email).map(dueStep);
      return andTick(record({ type: 'charge.created', reference, ...texts(amount), email, steps }));
    },
    transfer({ reference, amount, accountNumber }) {
      tick();
      const plan = planOfTransfer(accountNumber);
      const { needsOtp } = plan;
      const details = { needsOtp, steps: plan.steps.map(dueStep) };
      return andTick(record({ type: 'transfer.created', reference, ...texts(amount), ...details }));
    },
    chargeOf: (reference) => (tick(), state.charges.get(reference)),
    transferOf: (reference) => (tick(), state.transfers.get(reference)),
    succeedCharge: (reference, minor) => (tick(), succeed(reference, minor)),
    failCharge: (reference, reason = 'failed by hand') => (
      tick(),
      record({ type: 'charge.failed', reference, reason })
    ),
    chargeBack(reference, minor, reason = 'the cardholder disputes the payment') {
      tick();
      const paid = state.charges.get(reference)?.paid;
      if (!paid) return false;
      const amount = texts({ ...paid, minor: minor ?? paid.minor });
      return record({ type: 'charge.chargedBack', reference, ...amount, reason });
    },
    reverseCharge: (reference, reason = 'reversed by hand') => (
      tick(),
      record({ type: 'charge.reversed', reference, reason })
    ),
    confirmTransfer: (reference) => (tick(), record({ type: 'transfer.confirmed', reference }) && pay(reference)),
    payTransfer: (reference, minor) => (tick(), pay(reference, minor)),
    failTransfer: (reference, reason = 'failed by hand') => (
      tick(),
      record({ type: 'transfer.failed', reference, reason })
    ),
    reverseTransfer: (reference, reason = 'reversed by hand') => (
      tick(),
      record({ type: 'transfer.reversed', reference, reason })
    ),
    tick,
    items(from, until) {
      tick();
      return state.items.filter(({ at }) => (!from || at >= from) && (!until || at < until));
    },
  };

  /**
   * Writes the line, reads what everybody wrote, and sees whether this one counted: of two lines that exclude each other the
   * first in the order does.
   */
  function record(draft: Draft): boolean {
    const now = clock.now();
    const line = { ...draft, id: uuidv7(now.getTime()), at: now.toISOString() } as BookLine;
    if (!effectOf(state, line)) return false;
    lines.append(line);
    const counted = catchUp().has(line.id);
    if (counted) onLine?.(line);
    return counted;
  }

  function catchUp(): ReadonlySet<string> {
    const counted = new Set<string>();
    for (const line of lines.news()) {
      const effect = effectOf(state, line);
      effect?.();
      if (effect) counted.add(line.id);
    }
    return counted;
  }

  function tick(): void {
    catchUp();
    const nowIso = clock.now().toISOString();
    for (const entry of state.waiting) {
      const due = entry.steps.filter(({ dueAt }) => dueAt <= nowIso);
      for (const step of due) take(entry, step);
      if (due.length === entry.steps.length) state.waiting.delete(entry);
    }
  }

  function take({ kind, reference }: BookCharge | BookTransfer, { to, minor, reason = 'refused' }: DueStep): void {
    if (to === 'succeed' && kind === 'charge') succeed(reference, minor === undefined ? undefined : BigInt(minor));
    else if (to === 'succeed') pay(reference);
    else if (to === 'fail') record({ type: `${kind}.failed`, reference, reason });
    else record({ type: 'transfer.reversed', reference, reason });
  }

  function succeed(reference: string, minor?: bigint): boolean {
    const charge = state.charges.get(reference);
    if (!charge) return false;
    const paid = minor ?? charge.asked.minor;
    const fee = basisPointsOf(paid, fees.chargeBasisPoints, 'up');
    return record({ type: 'charge.succeeded', reference, minor: paid.toString(), fee: fee.toString() });
  }

  function pay(reference: string, minor?: bigint): boolean {
    const other = minor === undefined ? {} : { minor: minor.toString() };
    return record({ type: 'transfer.paid', reference, fee: fees.transferMinor.toString(), ...other });
  }

  function dueStep({ after, to, minor, reason }: PlannedStep): DueStep {
    const dueAt = new Date(clock.now().getTime() + (after === 'now' ? 0 : aWhileMs)).toISOString();
    return {
      to,
      dueAt,
      ...(minor !== undefined && { minor: minor.toString() }),
      ...(reason !== undefined && { reason }),
    };
  }

  function andTick(isNew: boolean): boolean {
    tick();
    return isNew;
  }
}

function texts({ minor, currency }: Money): { readonly minor: string; readonly currency: string } {
  return { minor: minor.toString(), currency };
}
