import type { Tx } from '../../db/index.js';
import { badInput, uuidOf, type Clock } from '../../kernel/index.js';
import type { BankCountry } from './bank.js';
import { plainName } from './bank.match.js';

/** A provider's own list of banks, as it answered. */
export interface CodeList {
  readonly provider: string;
  readonly country: BankCountry;
  /** Where it comes from, kept with each code. */
  readonly source: string;
  readonly rows: readonly { readonly name: string; readonly code: string }[];
}

interface NamedCode {
  readonly bank: string;
  readonly code: string;
}

/** What a list changes of the codes in force. */
export interface CodeDiff {
  readonly same: number;
  readonly added: readonly NamedCode[];
  /** In force until now, and not in the list any more, or another bank's there. */
  readonly ended: readonly NamedCode[];
  /** Rows that name no bank of the directory, or not beyond doubt. */
  readonly leftOut: readonly NamedCode[];
}

/**
 * Holds a provider's list of codes against the stored ones of its country, and brings these to it if `writes`. A wrong code
 * sends money to a stranger, so a row counts only if one open bank bears its name, and no other row that name or that code.
 * @throws AppError BAD_INPUT for an empty list
 */
export async function syncBankCodes(tx: Tx, list: CodeList, writes: boolean, clock: Clock): Promise<CodeDiff> {
  if (list.rows.length === 0)
    throw badInput('banks', `of ${list.provider} for ${list.country} are none: nothing is changed.`);
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('runam:bank-import', 0))`;
  const { provider, country } = list;
  const stored = await tx.bank.findMany({ where: { country, active: true }, include: { aliases: true } });
  const inForce = await tx.bankCode.findMany({
    where: { provider, country, validTo: null },
    include: { bank: true },
    orderBy: { code: 'asc' },
  });
  const matched = matchRows(stored, list.rows);
  const idOf = ({ bank, row }: (typeof matched)[number]) =>
    uuidOf(`bank-code:${bank.id}:${provider}:${provider}:${row.code}`);
  const wanted = new Map(matched.map((match) => [idOf(match), match]));
  const known = new Set(inForce.map(({ id }) => id));
  const ended = inForce.filter(({ id }) => !wanted.has(id));
  const added = [...wanted].filter(([id]) => !known.has(id));
  if (writes) await carryOut(tx, list, ended, added, clock.now());
  const taken = new Set(matched.map(({ row }) => row));
  return {
    same: wanted.size - added.length,
    added: added.map(([, { bank, row }]) => ({ bank: bank.name, code: row.code })),
    ended: ended.map(({ bank, code }) => ({ bank: bank.name, code })),
    leftOut: list.rows.filter((row) => !taken.has(row)).map(({ name, code }) => ({ bank: name, code })),
  };
}

interface Named {
  readonly id: string;
  readonly name: string;
  readonly type: 'NUBAN' | 'GHIPSS' | 'KEPSS' | 'BASA' | 'MOBILE_MONEY' | 'MOBILE_MONEY_BUSINESS';
  readonly aliases: readonly { readonly name: string }[];
}

interface Match {
  readonly bank: Named;
  readonly row: CodeList['rows'][number];
}

function matchRows(stored: readonly Named[], rows: CodeList['rows']): readonly Match[] {
  const banksOf = new Map<string, Set<Named>>();
  for (const bank of stored)
    for (const { name } of [bank, ...bank.aliases])
      banksOf.set(plainName(name), (banksOf.get(plainName(name)) ?? new Set()).add(bank));
  const named = rows.map((row) => ({ row, banks: [...(banksOf.get(plainName(row.name)) ?? [])] }));
  // Whatever else is wrong with a row, it keeps another from being beyond doubt.
  const count = new Map<Named | string, number>();
  const countOne = (what: Named | string): unknown => count.set(what, (count.get(what) ?? 0) + 1);
  for (const { row, banks } of named) [row.code, ...banks].forEach(countOne);
  return named.flatMap(({ row, banks: [bank, ...others] }): Match[] =>
    bank && others.length === 0 && count.get(bank) === 1 && count.get(row.code) === 1 ? [{ bank, row }] : [],
  );
}

/** Codes end before others begin: one that moves to another bank is in force once at any time. */
async function carryOut(
  tx: Tx,
  { provider, country, source }: CodeList,
  ended: readonly { readonly id: string }[],
  added: readonly (readonly [string, Match])[],
  now: Date,
): Promise<void> {
  await tx.bankCode.updateMany({ where: { id: { in: ended.map(({ id }) => id) } }, data: { validTo: now } });
  // One that was in force before goes on under its old id.
  const again = { source, validTo: null };
  for (const [id, { bank, row }] of added) {
    const create = { id, bankId: bank.id, provider, scheme: provider, country, type: bank.type, code: row.code };
    await tx.bankCode.upsert({ where: { id }, create: { ...create, source, validFrom: now }, update: again });
  }
}
