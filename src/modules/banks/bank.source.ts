import { z } from 'zod';
import type { BankType } from '../../db/index.js';
import { AppError, isCurrency, type FieldFault } from '../../kernel/index.js';
import { bankCountries, providerOfScheme, type CodeScheme } from './bank.js';
import { lineFinder, type JsonPath } from './json.lines.js';

/** What the source calls a kind of account, and what we call it. */
const typeOfSource = {
  nuban: 'NUBAN',
  ghipss: 'GHIPSS',
  kepss: 'KEPSS',
  basa: 'BASA',
  mobile_money: 'MOBILE_MONEY',
  mobile_money_business: 'MOBILE_MONEY_BUSINESS',
} as const satisfies Record<string, BankType>;
type SourceType = keyof typeof typeOfSource;

export type BankDirectory = z.output<typeof directorySchema>;
export type SourceBank = BankDirectory['banks'][number];
export type SourceConflict = BankDirectory['codeConflicts']['rows'][number];

/**
 * Reads a bank directory file (its fields are described in docs/banks.md).
 * @throws AppError BAD_INPUT with every fault, each with the line it stands on: `banks.json:51 banks[3].code: …`
 */
export function parseBankDirectory(text: string, fileName = 'banks.json'): BankDirectory {
  const json = parseJson(text, fileName);
  const result = directorySchema.safeParse(json);
  if (result.success) return result.data;
  const lineOf = lineFinder(text);
  const faults = result.error.issues.map(({ path, message }): FieldFault => {
    const line = lineOf(path) ?? lineOf(path.slice(0, -1)) ?? 1;
    return { path: `${fileName}:${line} ${nameOf(path)}`, message };
  });
  throw directoryFault(faults);
}

const country = z.enum(bankCountries, { error: `must be one of ${bankCountries.join(', ')}.` });
const scheme = z.enum(Object.keys(providerOfScheme) as CodeScheme[], {
  error: `must be one of ${Object.keys(providerOfScheme).join(', ')}.`,
});
const type = z.enum(Object.keys(typeOfSource) as SourceType[], {
  error: `must be one of ${Object.keys(typeOfSource).join(', ')}.`,
});
const words = z.string({ error: 'must be text.' }).trim().min(1, { error: 'must not be empty.' });
const code = z
  .string({ error: 'must be text: as a number it would lose the zeros in front.' })
  .regex(/^[0-9A-Za-z]{1,20}$/, { error: 'must be 1 to 20 letters and digits.' });

const bankSchema = z.object({
  name: words,
  slug: z.string().regex(/^[a-z0-9-]+$/, { error: 'must be lower-case letters, digits and hyphens.' }),
  slugDerived: z.boolean(),
  code,
  country,
  currency: z.string().refine(isCurrency, { error: 'is not a currency RunAm trades in.' }),
  type: type.transform((name) => typeOfSource[name]),
  typeAssigned: z.boolean(),
  codeScheme: scheme,
  sources: z.array(words).min(1, { error: 'must name where the row comes from.' }),
  aliases: z.array(words).default([]),
});

const conflictSchema = z.object({ country, name: words, code, codeScheme: scheme, source: words });

const directorySchema = z
  .object({
    counts: z.partialRecord(country, z.int().nonnegative()),
    typeByCountry: z.partialRecord(country, z.array(type.transform((name): BankType => typeOfSource[name]))),
    banks: z.array(bankSchema),
    codeConflicts: z.object({ rows: z.array(conflictSchema) }).default({ rows: [] }),
  })
  .superRefine((directory, context) => {
    for (const { path, message } of [...countFaults(directory), ...typeFaults(directory), ...doubleFaults(directory)]) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  });

interface SourceFault {
  readonly path: JsonPath;
  readonly message: string;
}

/** Holds a file that was cut short, or merged wrongly, away from the directory. */
function countFaults({ counts, banks }: Pick<BankDirectory, 'counts' | 'banks'>): readonly SourceFault[] {
  return bankCountries.flatMap((country) => {
    const found = banks.filter((bank) => bank.country === country).length;
    const told = counts[country] ?? 0;
    const message = `says ${told} banks of ${country}, the list has ${found}.`;
    return told === found ? [] : [{ path: ['counts', country], message }];
  });
}

function typeFaults({ typeByCountry, banks }: Pick<BankDirectory, 'typeByCountry' | 'banks'>): readonly SourceFault[] {
  return banks.flatMap((bank, index) => {
    if (typeByCountry[bank.country]?.includes(bank.type)) return [];
    return [{ path: ['banks', index, 'type'], message: `is not a type of ${bank.country} by typeByCountry.` }];
  });
}

function doubleFaults({ banks }: Pick<BankDirectory, 'banks'>): readonly SourceFault[] {
  const seen = new Map<string, string>();
  return banks.flatMap((bank, index) => {
    const identity = identityOf(bank);
    const earlier = seen.get(identity);
    seen.set(identity, earlier ?? bank.name);
    if (earlier === undefined) return [];
    return [{ path: ['banks', index, 'code'], message: `${bank.code} is already the code of "${earlier}".` }];
  });
}

/** Names drift and banks merge, while a code stays: the code within its numbering is what a bank is known by. */
export function identityOf(bank: Pick<SourceBank, 'country' | 'type' | 'codeScheme' | 'code'>): string {
  return `bank:${bank.country}:${bank.type}:${bank.codeScheme}:${bank.code}`;
}

function parseJson(text: string, fileName: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const position = /position (\d+)/.exec(error.message)?.[1] ?? text.length;
    const line = text.slice(0, Number(position)).split('\n').length;
    throw directoryFault([{ path: `${fileName}:${line}`, message: `is not JSON: ${error.message}` }]);
  }
}

function directoryFault(fields: readonly FieldFault[]): AppError {
  const summary = fields.map(({ path, message }) => `${path}: ${message}`).join('\n');
  return new AppError('BAD_INPUT', summary, { fields });
}

function nameOf(path: JsonPath): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
