import type { BankType, Prisma, Reader } from '../../db/index.js';
import { badInput, escapeLike, isStorable, isUuid, notStorable } from '../../kernel/index.js';
import { bankCountries, bankTypes, compareListings, toListing, type BankCountry, type BankListing } from './bank.js';

export interface BankQuery {
  /** ISO 3166-1 alpha-2, in any case. */
  readonly country: string;
  readonly type?: BankType | null | undefined;
  /** Part of a name or former name, or the beginning of a code of any provider; case does not matter. At most 80 characters. */
  readonly search?: string | null | undefined;
}

export interface BankService {
  /** The banks of a country that have not closed, by name, in at most two statements. @throws AppError BAD_INPUT */
  list(query: BankQuery): Promise<readonly BankListing[]>;
  /** In no order, closed ones too; what is missing is left out. */
  byIds(ids: readonly string[]): Promise<readonly BankListing[]>;
}

export interface BankServiceDeps {
  readonly db: { readonly read: Pick<Reader, 'bank'> };
}

const searchLengthMax = 80;

export function createBankService({ db }: BankServiceDeps): BankService {
  return {
    async list(query) {
      const banks = await db.read.bank.findMany({ where: whereOf(query), include: { codes: true } });
      return banks.map(toListing).toSorted(compareListings);
    },
    async byIds(ids) {
      const where = { id: { in: ids.filter(isUuid) } };
      return (await db.read.bank.findMany({ where, include: { codes: true } })).map(toListing);
    },
  };
}

function whereOf({ country, type, search }: BankQuery): Prisma.BankWhereInput {
  if (type && !bankTypes.includes(type)) throw badInput('type', `must be one of ${bankTypes.join(', ')}.`);
  return {
    country: parseCountry(country),
    ...(type ? { type } : {}),
    active: true,
    ...searchOf(search?.trim() ?? ''),
  };
}

function parseCountry(text: string): BankCountry {
  const wanted = text.trim().toUpperCase();
  const country = bankCountries.find((known) => known === wanted);
  if (!country)
    throw badInput(
      'country',
      `"${text.slice(0, 60)}" has no bank list; the countries are ${bankCountries.join(', ')}.`,
    );
  return country;
}

function searchOf(search: string): Prisma.BankWhereInput {
  if (search === '') return {};
  if (search.length > searchLengthMax) throw badInput('search', `must have at most ${searchLengthMax} characters.`);
  if (!isStorable(search)) throw badInput('search', notStorable);
  const text = escapeLike(search);
  const name = { contains: text, mode: 'insensitive' as const };
  const code = { startsWith: text, mode: 'insensitive' as const };
  return { OR: [{ name }, { aliases: { some: { name } } }, { codes: { some: { code, validTo: null } } }] };
}
