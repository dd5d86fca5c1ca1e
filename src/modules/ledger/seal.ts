import { createHash } from 'node:crypto';
import type { Journal, JournalLine, LedgerAccount, ProcessEvent, Reader } from '../../db/index.js';

/** One sealed row: a journal with its lines and their accounts, or a process event. */
export interface SealedRow {
  readonly kind: 'journal' | 'event';
  /** The journal's id, or `{errandId}#{seq}`. */
  readonly name: string;
  /** SHA-256 of its content, in hex. */
  readonly digest: string;
}

/** A period of the books: everything recorded after `after`, up to and with `through`. */
export interface Period {
  readonly after: Date;
  readonly through: Date;
}

export interface SealContent extends Period {
  readonly seq: number;
  readonly sealedAt: Date;
  readonly journals: number;
  readonly events: number;
  /** One line for each row, as `manifestOf` writes it. */
  readonly manifest: string;
  readonly prevHash: string | null;
}

/** Changes whenever the form of what is hashed does, so that one hash never has two meanings. */
const form = 'runam-seal-1';

/** The rows of a closed period in the order they are sealed: journals by number, then events by errand and number. */
export async function sealedRows(
  reader: Pick<Reader, 'journal' | 'ledgerAccount' | 'processEvent'>,
  period: Period,
): Promise<{ readonly journals: readonly SealedRow[]; readonly events: readonly SealedRow[] }> {
  const recordedAt = { gt: period.after, lte: period.through };
  const lines = { orderBy: { seq: 'asc' } } as const;
  const journals = await reader.journal.findMany({
    where: { recordedAt },
    include: { lines },
    orderBy: { seq: 'asc' },
  });
  const events = await reader.processEvent.findMany({
    where: { recordedAt },
    orderBy: [{ errandId: 'asc' }, { seq: 'asc' }],
  });
  const ids = new Set(journals.flatMap((journal) => journal.lines.map(({ accountId }) => accountId)));
  const accounts = await reader.ledgerAccount.findMany({ where: { id: { in: [...ids] } } });
  const byId = new Map(accounts.map((account) => [account.id, account]));
  return {
    journals: journals.map((row) => ({ kind: 'journal', name: row.id, digest: digestOf(journalText(row, byId)) })),
    events: events.map((row) => ({
      kind: 'event',
      name: `${row.errandId}#${row.seq}`,
      digest: digestOf(eventText(row)),
    })),
  };
}

export function manifestOf(rows: readonly SealedRow[]): string {
  return rows.map(({ kind, name, digest }) => `${kind} ${name} ${digest}\n`).join('');
}

/** The rows that a manifest names. Text that is no manifest names what it happens to; its seal's hash is wrong then. */
export function rowsOf(manifest: string): readonly SealedRow[] {
  return manifest
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [kind, name = '', digest = ''] = line.split(' ');
      return { kind: kind === 'event' ? 'event' : 'journal', name, digest };
    });
}

/** The link of the chain: covers the manifest and, through `prevHash`, every seal before. In hex. */
export function sealHash(seal: SealContent): string {
  const { seq, after, through, sealedAt, journals, events, manifest, prevHash } = seal;
  return digestOf(textOf([form, seq, after, through, sealedAt, journals, events, prevHash, digestOf(manifest)]));
}

/** Every column of the journal and its lines, and of the accounts all that stands still: their totals follow from lines. */
function journalText(
  journal: Journal & { readonly lines: readonly JournalLine[] },
  accounts: ReadonlyMap<string, LedgerAccount>,
): string {
  const { id, tenantId, seq, kind, businessRef, actorId, reversesId, reason, effectiveAt, recordedAt } = journal;
  const lines = journal.lines.map((line) => {
    const { journalId, accountId, currency, side, amount, balanceAfter, accountSeq } = line;
    const account = accounts.get(accountId);
    return [
      [journalId, line.seq, accountId, currency, side, amount, balanceAfter, accountSeq],
      account && [account.tenantId, account.code, account.currency, account.type],
      account && [account.ownerType, account.ownerId, account.floored, account.createdAt],
    ];
  });
  return textOf([
    form,
    [id, tenantId, seq, kind, businessRef, actorId, reversesId, reason, effectiveAt, recordedAt],
    lines,
  ]);
}

function eventText(event: ProcessEvent): string {
  const { errandId, seq, tenantId, transition, from, to, actorId, actorRole, reason, requestId, at, recordedAt } =
    event;
  return textOf([
    form,
    [errandId, seq, tenantId, transition, from, to, actorId, actorRole, reason, requestId, at, recordedAt],
  ]);
}

/** JSON, in which a list has one text only: amounts as strings of digits, times as ISO 8601 in UTC. */
function textOf(content: readonly unknown[]): string {
  return JSON.stringify(content, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
