import type { BankType, Prisma, Reader } from '../../db/index.js';
import { badInput, isUuid } from '../../kernel/index.js';
import { bankCountries, compareListings, toListing, type BankCountry, type BankListing } from './bank.js';

export interface BankQuery {
  /** ISO 3166-1 alpha-2, in any case. */
  readonly country: string;
  readonly type?: BankType | null | undefined;
  /** Part of a name or former name, or the beginning of a code of any provider; case does not matter. At most 80 characters. */
  readonly search?: string | null | undefined;
  /** Banks that have closed too. Default false. */
  readonly withClosed?: boolean | undefined;
}

export interface BankService {
  /** The banks of a country by name, in at most two statements. @throws AppError BAD_INPUT */
  list(query: BankQuery): Promise<readonly BankListing[]>;
  /** In at most two statements, closed banks included; order is not kept, ids of no bank are left out. */
  byIds(ids: readonly string[]): Promise<readonly BankListing[]>;
}

export interface BankServiceDeps {
  readonly db: { readonly read: Pick<Reader, 'bank'> };
}

const searchLengthMax = 80;

export function createBankService({ db }: BankServiceDeps): BankService {
  async function find(where: Prisma.BankWhereInput): Promise<readonly BankListing[]> {
    const banks = await db.read.bank.findMany({ where, include: { codes: true } });
    return banks.map(toListing).toSorted(compareListings);
  }
  return {
    list: async (query) => find(whereOf(query)),
    byIds: async (ids) => (ids.length === 0 ? [] : find({ id: { in: ids.filter(isUuid) } })),
  };
}

function whereOf({ country, type, search, withClosed = false }: BankQuery): Prisma.BankWhereInput {
  return {
    country: parseCountry(country),
    ...(type ? { type } : {}),
    ...(withClosed ? {} : { active: true }),
    ...searchOf(search?.trim() ?? ''),
  };
}

function parseCountry(text: string): BankCountry {
  const wanted = text.trim().toUpperCase();
  const country = bankCountries.find((known) => known === wanted);
  if (!country) throw badInput('country', `"${text}" has no bank list; the countries are ${bankCountries.join(', ')}.`);
  return country;
}

function searchOf(search: string): Prisma.BankWhereInput {
  if (search === '') return {};
  if (search.length > searchLengthMax) throw badInput('search', `must have at most ${searchLengthMax} characters.`);
  const text = literal(search);
  const name = { contains: text, mode: 'insensitive' as const };
  const code = { startsWith: text, mode: 'insensitive' as const };
  return { OR: [{ name }, { aliases: { some: { name } } }, { codes: { some: { code, validTo: null } } }] };
}

/** The signs that LIKE reads as wildcards stand for themselves. */
function literal(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}
