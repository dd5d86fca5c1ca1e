import type { SourceBank, SourceConflict } from './bank.source.js';

export interface ConflictMatches {
  /** Another provider's code, and the one bank its row names. */
  readonly matched: readonly { readonly conflict: SourceConflict; readonly bank: SourceBank }[];
  readonly leftOut: readonly SourceConflict[];
}

/**
 * Finds the bank that each row of another provider's list names. A wrong code sends money to a stranger, so a row counts
 * only if exactly one bank of its country bears the same name once case, punctuation, legal form (Ltd, Limited, Plc) and
 * the abbreviation MFB are set aside, and if no second row of that provider names the same bank.
 */
export function matchConflicts(banks: readonly SourceBank[], conflicts: readonly SourceConflict[]): ConflictMatches {
  const candidates = conflicts.map((conflict) => ({ conflict, bank: onlyBankNamed(banks, conflict) }));
  const matched = candidates.flatMap(({ conflict, bank }) => {
    const rivals = candidates.filter(
      (other) => other.bank === bank && other.conflict.codeScheme === conflict.codeScheme,
    );
    return bank && rivals.length === 1 ? [{ conflict, bank }] : [];
  });
  const taken = new Set(matched.map(({ conflict }) => conflict));
  return { matched, leftOut: conflicts.filter((conflict) => !taken.has(conflict)) };
}

function onlyBankNamed(banks: readonly SourceBank[], conflict: SourceConflict): SourceBank | undefined {
  const name = plainName(conflict.name);
  const [bank, ...others] = banks.filter(
    ({ country, codeScheme, name: own, aliases }) =>
      country === conflict.country &&
      codeScheme !== conflict.codeScheme &&
      [own, ...aliases].some((known) => plainName(known) === name),
  );
  return others.length === 0 ? bank : undefined;
}

/** A name with case, punctuation, legal form and abbreviations set aside. */
export function plainName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/ (limited|ltd|plc)$/, '')
    .replaceAll(/\bmfb\b/g, 'microfinance bank');
}
