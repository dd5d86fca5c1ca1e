import type { Bank, BankAlias, BankCode } from '../../db/index.js';
import { uuidOf } from '../../kernel/index.js';
import { matchConflicts } from './bank.match.js';
import { identityOf, type BankDirectory, type SourceBank, type SourceConflict } from './bank.source.js';
import { providerOfScheme, type CodeScheme } from './bank.js';

export type StoredBank = Bank & { readonly codes: readonly BankCode[]; readonly aliases: readonly BankAlias[] };

/** The writes that bring the stored directory to what the source says. Empty lists: it already is there. */
export interface BankImportPlan {
  readonly newBanks: readonly Bank[];
  readonly changedBanks: readonly { readonly id: string; readonly data: Partial<Bank> }[];
  readonly closedBankIds: readonly string[];
  readonly newCodes: readonly BankCode[];
  readonly changedCodes: readonly { readonly id: string; readonly data: Partial<BankCode> }[];
  readonly closedCodeIds: readonly string[];
  readonly newAliases: readonly BankAlias[];
  readonly conflictsMatched: number;
  readonly conflictsLeftOut: readonly SourceConflict[];
}

/** What the source says of one bank, with everything that hangs on it. */
interface WantedBank {
  readonly id: string;
  readonly bank: SourceBank;
  readonly codes: readonly BankCode[];
  readonly aliases: readonly string[];
}

/**
 * Compares the source with what is stored. A bank keeps its id as long as it keeps its code; a new name makes the old one
 * an alias; a bank or code that is gone from the source ends now, and goes on if it comes back. Nothing is deleted.
 */
export function planBankImport(stored: readonly StoredBank[], directory: BankDirectory, now: Date): BankImportPlan {
  const { matched, leftOut } = matchConflicts(directory.banks, directory.codeConflicts.rows);
  const wanted = directory.banks.map((bank) =>
    wantedOf(
      bank,
      matched.filter((match) => match.bank === bank),
      now,
    ),
  );
  const storedById = new Map(stored.map((bank) => [bank.id, bank]));
  const wantedIds = new Set(wanted.map(({ id }) => id));
  const gone = stored.filter(({ id }) => !wantedIds.has(id));
  const pairs = wanted.map((want) => ({ want, have: storedById.get(want.id) }));
  return {
    newBanks: pairs.flatMap(({ want, have }) => (have ? [] : [newBank(want, now)])),
    changedBanks: pairs.flatMap(({ want, have }) => (have ? changedBank(want, have, now) : [])),
    closedBankIds: gone.flatMap(({ id, validTo }) => (validTo ? [] : [id])),
    newCodes: pairs.flatMap(({ want, have }) =>
      want.codes.filter(({ id }) => !have?.codes.some((code) => code.id === id)),
    ),
    changedCodes: pairs.flatMap(({ want, have }) => changedCodes(want, have?.codes ?? [])),
    closedCodeIds: [
      ...gone.flatMap(({ codes }) => codesInForce(codes)),
      ...pairs.flatMap(({ want, have }) =>
        codesInForce((have?.codes ?? []).filter(isOfDirectory)).filter((id) => !hasCode(want, id)),
      ),
    ],
    newAliases: pairs.flatMap(({ want, have }) => newAliases(want, have)),
    conflictsMatched: matched.length,
    conflictsLeftOut: leftOut,
  };
}

/** The same in every database. */
export function bankIdOf(bank: Parameters<typeof identityOf>[0]): string {
  return uuidOf(identityOf(bank));
}

function wantedOf(bank: SourceBank, matches: readonly { readonly conflict: SourceConflict }[], now: Date): WantedBank {
  const id = bankIdOf(bank);
  const own = codeRow(bank, id, { scheme: bank.codeScheme, code: bank.code, source: bank.sources.join(', ') }, now);
  const others = matches.map(({ conflict: { codeScheme, code, source } }) =>
    codeRow(bank, id, { scheme: codeScheme, code, source }, now),
  );
  const names = new Set([...bank.aliases, ...matches.map(({ conflict }) => conflict.name)]);
  names.delete(bank.name);
  return { id, bank, codes: [own, ...others], aliases: [...names] };
}

function codeRow(
  { country, type }: SourceBank,
  bankId: string,
  { scheme, code, source }: { readonly scheme: CodeScheme; readonly code: string; readonly source: string },
  now: Date,
): BankCode {
  const provider = providerOfScheme[scheme];
  const id = uuidOf(`bank-code:${bankId}:${provider}:${scheme}:${code}`);
  return { id, bankId, provider, scheme, country, type, code, source, validFrom: now, validTo: null };
}

function newBank({ id, bank }: WantedBank, now: Date): Bank {
  const { country, type } = bank;
  const times = { validFrom: now, validTo: null, createdAt: now, updatedAt: now };
  return { id, country, type, ...factsOf(bank), active: true, ...times };
}

function factsOf({ name, slug, currency, typeAssigned, slugDerived, sources }: SourceBank) {
  return { name, slug, currency, typeAssigned, slugDerived, sources: [...sources] };
}

function changedBank({ id, bank }: WantedBank, have: StoredBank, now: Date): BankImportPlan['changedBanks'] {
  const facts = { ...factsOf(bank), active: true, validTo: null };
  const isSame = Object.entries(facts).every(
    ([column, value]) => JSON.stringify(value) === JSON.stringify(have[column as keyof typeof facts]),
  );
  return isSame ? [] : [{ id, data: { ...facts, updatedAt: now } }];
}

function changedCodes(want: WantedBank, have: readonly BankCode[]): BankImportPlan['changedCodes'] {
  return want.codes.flatMap(({ id, source }) => {
    const stored = have.find((code) => code.id === id);
    const isSame = !stored || (stored.validTo === null && stored.source === source);
    return isSame ? [] : [{ id, data: { source, validTo: null } }];
  });
}

/** A list that came from a provider itself (`syncBankCodes`) is not the directory's to end. */
function isOfDirectory({ scheme }: BankCode): boolean {
  return Object.hasOwn(providerOfScheme, scheme);
}

function codesInForce(codes: readonly BankCode[]): readonly string[] {
  return codes.flatMap(({ id, validTo }) => (validTo ? [] : [id]));
}

function hasCode(want: WantedBank, id: string): boolean {
  return want.codes.some((code) => code.id === id);
}

function newAliases(want: WantedBank, have: StoredBank | undefined): readonly BankAlias[] {
  const isRenamed = have !== undefined && have.name !== want.bank.name;
  const known = new Set(have?.aliases.map(({ name }) => name));
  const names = new Set(isRenamed ? [...want.aliases, have.name] : want.aliases);
  return [...names].filter((name) => !known.has(name)).map((name) => ({ bankId: want.id, name }));
}
