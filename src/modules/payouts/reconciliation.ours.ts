import { isUuid } from '../../kernel/index.js';
import type { Reader } from '../../db/index.js';
import { accounts } from '../ledger/index.js';
import { inFlightStates } from './payout.js';

/** One entry of a book: what it added to the money that the provider has for us, in minor units. */
export interface Entry {
  readonly kind: string;
  readonly reference: string;
  readonly minor: bigint;
  readonly at: Date;
}

export interface BooksPlace {
  readonly tenantId: string;
  readonly currency: string;
  readonly provider: string;
}

export interface Window {
  readonly from: Date;
  readonly until: Date;
}

interface ClearingRow {
  readonly kind: string;
  readonly businessRef: string;
  readonly minor: bigint;
  readonly at: Date;
}

/** What the provider calls a movement of each kind of journal; a reversal is of the kind of what it takes back. */
const kindOfJournal: Readonly<Record<string, string>> = {
  'payout.pay': 'transfer',
  'payout.settle': 'transfer',
  'payout.reverse': 'reversal',
  'charge.chargeback': 'chargeback',
};

/** The movements of a clearing account, each under the name that the provider knows it by. */
export async function ourEntries(reader: Reader, place: BooksPlace, window: Window): Promise<readonly Entry[]> {
  const { tenantId, currency, provider } = place;
  const { code } = accounts.pspClearing(provider);
  const rows = await reader.$queryRaw<ClearingRow[]>`
    SELECT coalesce(r.kind, j.kind) AS kind, j.business_ref AS "businessRef", j.effective_at AS at,
           sum(CASE l.side WHEN 'DEBIT' THEN l.amount ELSE -l.amount END)::bigint AS minor
    FROM ledger_account a JOIN journal_line l ON l.account_id = a.id JOIN journal j ON j.id = l.journal_id
    LEFT JOIN journal r ON r.id = j.reverses_id
    WHERE a.tenant_id = ${tenantId}::uuid AND a.code = ${code} AND a.currency = ${currency}
      AND j.effective_at >= ${window.from} AND j.effective_at < ${window.until}
    GROUP BY j.id, r.kind ORDER BY j.effective_at, j.seq`;
  const references = await referencesOf(reader, rows);
  return rows.map(({ kind, businessRef, minor, at }) => ({
    kind: kindOfJournal[kind] ?? (businessRef.startsWith('charge:') ? 'charge' : 'other'),
    reference: references.get(businessRef) ?? businessRef,
    minor,
    at,
  }));
}

async function referencesOf(
  reader: Pick<Reader, 'payout' | 'charge'>,
  rows: readonly ClearingRow[],
): Promise<ReadonlyMap<string, string>> {
  const idsOf = (what: string): string[] =>
    rows
      .map(({ businessRef }) => businessRef)
      .filter((ref) => ref.startsWith(what))
      .map((ref) => ref.slice(what.length))
      .filter(isUuid);
  const payouts = await reader.payout.findMany({ where: { id: { in: idsOf('payout:') } } });
  const charges = await reader.charge.findMany({ where: { id: { in: idsOf('charge:') } } });
  return new Map([
    ...payouts.map(({ id, clientRef }) => [`payout:${id}`, clientRef] as const),
    ...charges.map(({ id, providerRef }) => [`charge:${id}`, providerRef] as const),
  ]);
}

/** Whose the references are; one that nobody of us knows is left out. */
export async function marketsOf(
  reader: Pick<Reader, 'payout' | 'charge'>,
  provider: string,
  references: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const named = { in: [...new Set(references)] };
  const payouts = await reader.payout.findMany({ where: { provider, clientRef: named } });
  const charges = await reader.charge.findMany({ where: { provider, providerRef: named } });
  return new Map([
    ...payouts.map(({ clientRef, tenantId }) => [clientRef, tenantId] as const),
    ...charges.map(({ providerRef, tenantId }) => [providerRef, tenantId] as const),
  ]);
}

/** What is under way and began before `until`, as it will be booked when it succeeds, without fees. */
export async function underWay(
  reader: Pick<Reader, 'payout' | 'charge'>,
  { tenantId, provider, currency }: BooksPlace,
  until: Date,
): Promise<readonly Entry[]> {
  const payouts = await reader.payout.findMany({
    where: { tenantId, provider, currency, submittedAt: { lt: until }, state: { in: [...inFlightStates] } },
    orderBy: [{ submittedAt: 'asc' }, { id: 'asc' }],
  });
  const charges = await reader.charge.findMany({
    where: { tenantId, provider, currency, createdAt: { lt: until }, state: 'PENDING' },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  });
  return [
    ...payouts.map(({ clientRef, amount, submittedAt, createdAt }) => ({
      kind: 'transfer',
      reference: clientRef,
      minor: -amount,
      at: submittedAt ?? createdAt,
    })),
    ...charges.map(({ providerRef, amount, createdAt }) => ({
      kind: 'charge',
      reference: providerRef,
      minor: amount,
      at: createdAt,
    })),
  ];
}
