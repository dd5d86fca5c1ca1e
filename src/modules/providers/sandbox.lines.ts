import { appendFileSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PlannedStep } from './sandbox.magic.js';

interface LineBase {
  /** Unique: tells a process whether it was its own line that counted. */
  readonly id: string;
  /** ISO 8601, by the injected clock. */
  readonly at: string;
  readonly reference: string;
}

/** A step with its time, ISO 8601, and its amount as text. */
export type DueStep = Pick<PlannedStep, 'to' | 'reason'> & { readonly dueAt: string; readonly minor?: string };

/** What happened, one JSON line each; amounts are minor units as text. */
export type BookLine = LineBase &
  (
    | {
        readonly type: 'charge.created';
        readonly minor: string;
        readonly currency: string;
        readonly email: string;
        readonly steps: readonly DueStep[];
      }
    | { readonly type: 'charge.succeeded'; readonly minor: string; readonly fee: string }
    | { readonly type: 'charge.failed'; readonly reason: string }
    | {
        readonly type: 'charge.chargedBack';
        readonly minor: string;
        readonly currency: string;
        readonly reason: string;
      }
    /** It went back to the payer, all that was not taken back before. */
    | { readonly type: 'charge.reversed'; readonly reason: string }
    | {
        readonly type: 'transfer.created';
        readonly minor: string;
        readonly currency: string;
        readonly needsOtp: boolean;
        readonly steps: readonly DueStep[];
      }
    | { readonly type: 'transfer.confirmed' }
    /** `minor` is what was paid, when it is not what was asked for. */
    | { readonly type: 'transfer.paid'; readonly fee: string; readonly minor?: string }
    | { readonly type: 'transfer.failed'; readonly reason: string }
    | { readonly type: 'transfer.reversed'; readonly reason: string }
  );

/** Where lines are kept, in one order for everybody. */
export interface BookLines {
  append(line: BookLine): void;
  /** What was appended by anybody since the last call, oldest first. */
  news(): readonly BookLine[];
}

export function linesInMemory(): BookLines {
  let fresh: BookLine[] = [];
  return {
    append: (line) => void fresh.push(line),
    news() {
      const lines = fresh;
      fresh = [];
      return lines;
    },
  };
}

/**
 * Lines in a file that several processes of one machine may share: each appends with one write and reads everybody's in the
 * order of the file. What a killed process left half written is ended by the next line and skipped by all.
 */
export function linesInFile(file: string): BookLines {
  let readUpTo = 0;
  let isMade = false;
  return {
    append(line) {
      if (!isMade) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      isMade = true;
      // Begins with a line break as well, so that a half line before it does not swallow it.
      appendFileSync(file, `\n${JSON.stringify(line)}\n`, { mode: 0o600 });
    },
    news() {
      const bytes = existsSync(file) ? bytesFrom(file, readUpTo) : Buffer.alloc(0);
      const complete = bytes.subarray(0, bytes.lastIndexOf('\n') + 1);
      readUpTo += complete.length;
      return complete.toString().split('\n').flatMap(lineOf);
    },
  };
}

function bytesFrom(file: string, offset: number): Buffer {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(handle).size - offset));
    let read = 0;
    while (read < bytes.length) {
      const count = readSync(handle, bytes, read, bytes.length - read, offset + read);
      if (count === 0) break;
      read += count;
    }
    return bytes.subarray(0, read);
  } finally {
    closeSync(handle);
  }
}

function lineOf(text: string): readonly BookLine[] {
  if (text === '') return [];
  try {
    return [JSON.parse(text) as BookLine];
  } catch {
    // Half a line: whoever wrote it was killed before anybody was told.
    return [];
  }
}

/** Adds many lines with one write; a reference that the book knows already is left as it is. */
export function appendBookLines(file: string, lines: readonly BookLine[]): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, `\n${lines.map((line) => JSON.stringify(line)).join('\n')}\n`, { mode: 0o600 });
}
