import type { Bank, BankCode, BankType } from '../../db/index.js';
import { invariant } from '../../kernel/index.js';

/** Countries with a bank list, ISO 3166-1 alpha-2. */
export const bankCountries = ['NG', 'GH', 'KE', 'ZA'] as const;
export type BankCountry = (typeof bankCountries)[number];

/** The rail an account is reached by: a country's clearing system, or a mobile money wallet. */
export const bankTypes = [
  'NUBAN',
  'GHIPSS',
  'KEPSS',
  'BASA',
  'MOBILE_MONEY',
  'MOBILE_MONEY_BUSINESS',
] as const satisfies readonly BankType[];

/** One place money can be paid out to, with the code it is best known by. */
export interface BankListing {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  /** Text: zeros in front belong to it. Only meaningful together with `codeScheme`. */
  readonly code: string;
  /** The numbering the code belongs to, such as `paystack`, `ghipss`, `cbk-2-digit`. */
  readonly codeScheme: string;
  /** Who takes this code: a payment provider, or `national` for a country's own clearing codes. */
  readonly provider: string;
  readonly type: BankType;
  readonly currency: string;
  readonly country: string;
  /** False for a bank that is no longer in the directory's source. */
  readonly active: boolean;
}

/** Who takes the codes of each numbering. */
export const providerOfScheme = {
  paystack: 'paystack',
  transferzero: 'transferzero',
  ghipss: 'national',
  'cbk-2-digit': 'national',
  'branch-code-6': 'national',
} as const;
export type CodeScheme = keyof typeof providerOfScheme;

/** The first that a bank has is shown as its code. */
const providerPrecedence = ['paystack', 'national', 'transferzero'];

export function toListing({ codes, ...bank }: Bank & { readonly codes: readonly BankCode[] }): BankListing {
  const { id, name, slug, type, currency, country, active } = bank;
  const { code, scheme, provider } = primaryCodeOf(codes);
  return { id, name, slug, code, codeScheme: scheme, provider, type, currency, country, active };
}

/** Codes in force come before those that ended, so a closed bank still shows the code it had. */
export function primaryCodeOf(codes: readonly BankCode[]): BankCode {
  const [first] = codes.toSorted((a, b) => rank(a) - rank(b) || compareText(a.code, b.code));
  invariant(first, 'every bank has a code');
  return first;
}

/** By name as a reader expects it, whatever the database's collation is; equal names by code. */
export function compareListings(a: BankListing, b: BankListing): number {
  return readers.compare(a.name, b.name) || compareText(a.code, b.code) || compareText(a.id, b.id);
}

const readers = new Intl.Collator('en', { sensitivity: 'base' });

function rank({ provider, validTo }: BankCode): number {
  const position = providerPrecedence.indexOf(provider);
  return (validTo ? 100 : 0) + (position === -1 ? providerPrecedence.length : position);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
