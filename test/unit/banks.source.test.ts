import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { assert, jsonValue, property } from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../src/kernel/index.js';
import { parseBankDirectory, readBankDirectory, type BankDirectory } from '../../src/modules/banks/index.js';
import { matchConflicts } from '../../src/modules/banks/bank.match.js';
import { lineFinder, type JsonPath } from '../../src/modules/banks/json.lines.js';

const bank = {
  name: 'Access Bank',
  slug: 'access-bank',
  slugDerived: false,
  code: '044',
  country: 'NG',
  currency: 'NGN',
  type: 'nuban',
  typeAssigned: false,
  codeScheme: 'paystack',
  sources: ['somebody:banks.json'],
};

function directoryText(banks: readonly object[], others: object = {}): string {
  return JSON.stringify({ counts: { NG: banks.length }, typeByCountry: { NG: ['nuban'] }, banks, ...others }, null, 1);
}

function faultsOf(text: string): readonly { readonly path: string; readonly message: string }[] {
  try {
    parseBankDirectory(text);
  } catch (error) {
    if (error instanceof AppError && error.code === 'BAD_INPUT') return error.fields;
    throw error;
  }
  return [];
}

describe('a bank directory file', () => {
  it('is read with our names for its account types', () => {
    const directory = parseBankDirectory(directoryText([bank]));
    expect(directory.banks).toEqual([{ ...bank, type: 'NUBAN', aliases: [] }]);
  });

  it('has every fault told with its line and place', () => {
    const text = directoryText([bank, { ...bank, code: 44, country: 'XX' }, { ...bank, code: '058', sources: [] }], {
      counts: {},
    });
    const lines = text.split('\n');
    const faults = faultsOf(text);
    expect(faults.map(({ path }) => path.replace(/^banks\.json:\d+ /, ''))).toEqual([
      'banks[1].code',
      'banks[1].country',
      'banks[2].sources',
    ]);
    const told = faults.map(({ path }) => lines[Number(/:(\d+) /.exec(path)?.[1]) - 1]?.trim());
    expect(told).toEqual(['"code": 44,', '"country": "XX",', '"sources": []']);
    expect(faults[0]?.message).toContain('zeros');
  });

  it('is refused when a code is there twice, naming the bank that has it', () => {
    const [fault] = faultsOf(directoryText([bank, { ...bank, name: 'Copy' }]));
    expect(fault).toMatchObject({ message: '044 is already the code of "Access Bank".' });
    expect(fault?.path).toMatch(/^banks\.json:\d+ banks\[1\]\.code$/);
  });

  it('is refused when it has fewer banks than it says: it was cut short', () => {
    const [fault] = faultsOf(directoryText([bank], { counts: { NG: 2 } }));
    expect(fault).toEqual({ path: 'banks.json:3 counts.NG', message: 'says 2 banks of NG, the list has 1.' });
  });

  it('is refused when a type is not one of its country, or a currency not one of ours', () => {
    expect(faultsOf(directoryText([{ ...bank, type: 'basa' }]))).toMatchObject([
      { message: expect.stringContaining('typeByCountry') },
    ]);
    expect(faultsOf(directoryText([{ ...bank, currency: 'EUR' }]))).toMatchObject([
      { message: expect.stringContaining('currency') },
    ]);
  });

  it('that is not JSON is refused with the line where it stops being it', () => {
    const [fault] = faultsOf('{\n "banks": [\n  {,\n');
    expect(fault?.path).toBe('banks.json:3');
    expect(faultsOf('{\n "banks": [\n')[0]?.path).toMatch(/^banks\.json:[23]$/);
  });
});

describe('the line of a value', () => {
  it('is right for every value of any JSON text, whatever its strings contain', () => {
    assert(
      property(jsonValue(), (value) => {
        const text = JSON.stringify(value, null, 1);
        const lineOf = lineFinder(text);
        const expected = linesByHand(value, 1, []).lines;
        for (const [path, line] of expected) expect(lineOf(path)).toBe(line);
      }),
      { numRuns: 300 },
    );
  });

  it('is not known for what is not there', () => {
    expect(lineFinder('{"a": [1]}')(['a', 1])).toBeUndefined();
  });

  /** The layout of JSON.stringify with an indent: one line a value, one more for a closing bracket, none inside empty ones. */
  function linesByHand(value: unknown, line: number, path: JsonPath): { lines: [JsonPath, number][]; end: number } {
    const lines: [JsonPath, number][] = [[path, line]];
    if (typeof value !== 'object' || value === null) return { lines, end: line };
    const parts: [PropertyKey, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
    let end = line;
    for (const [key, part] of parts) {
      const inner = linesByHand(part, end + 1, [...path, key]);
      lines.push(...inner.lines);
      end = inner.end;
    }
    return { lines, end: parts.length === 0 ? line : end + 1 };
  }
});

describe('matching the rows of another provider', () => {
  const known = (...names: string[]) =>
    parseBankDirectory(directoryText(names.map((name, index) => ({ ...bank, name, code: `10${index}` })))).banks;
  const row = (name: string, code = 'X1') =>
    ({ country: 'NG', name, code, codeScheme: 'transferzero', source: 'somebody' }) as const;
  const matchedNames = (banks: BankDirectory['banks'], ...rows: ReturnType<typeof row>[]) =>
    matchConflicts(banks, rows).matched.map((match) => match.bank.name);

  it('sees through case, punctuation, legal form and the abbreviation MFB', () => {
    const banks = known('Globus Bank', 'Moniepoint MFB', 'PalmPay');
    const rows = [row('GLOBUS BANK LIMITED'), row('Moniepoint Microfinance Bank'), row('Palmpay')];
    expect(matchedNames(banks, ...rows)).toEqual(['Globus Bank', 'Moniepoint MFB', 'PalmPay']);
  });

  it('does not guess: a part of a name, another kind of bank, two candidates or two rows are left out', () => {
    expect(matchedNames(known('Kuda Bank'), row('Kuda Microfinance Bank'))).toEqual([]);
    expect(matchedNames(known('Access Bank (Diamond)'), row('Access Bank'))).toEqual([]);
    expect(matchedNames(known('Globus Bank', 'Globus Bank Ltd'), row('Globus Bank'))).toEqual([]);
    const twice = matchConflicts(known('Globus Bank'), [row('Globus Bank', 'A1'), row('Globus Bank Limited', 'A2')]);
    expect(twice.matched).toEqual([]);
    expect(twice.leftOut.map(({ code }) => code)).toEqual(['A1', 'A2']);
  });

  it('stays inside the country', () => {
    expect(matchedNames(known('Stanbic Bank'), { ...row('Stanbic Bank'), country: 'NG' })).toEqual(['Stanbic Bank']);
    const abroad = { ...row('Stanbic Bank'), country: 'GH' } as const;
    expect(matchConflicts(known('Stanbic Bank'), [abroad]).leftOut).toEqual([abroad]);
  });
});

describe('the directory that comes with RunAm', () => {
  let directory: BankDirectory;

  beforeAll(async () => {
    directory = await readBankDirectory();
  });

  it('has 151 banks: 48 of Nigeria, 29 of Ghana, 35 of Kenya, 39 of South Africa', () => {
    const count = (country: string) => directory.banks.filter((each) => each.country === country).length;
    expect(['NG', 'GH', 'KE', 'ZA'].map(count)).toEqual([48, 29, 35, 39]);
    expect(directory.banks).toHaveLength(151);
  });

  it('is the file whose provenance prisma/data/NOTICE.md describes', async () => {
    const folder = new URL('../../prisma/data/', import.meta.url);
    const [file, notice] = await Promise.all([
      readFile(new URL('banks.json', folder)),
      readFile(new URL('NOTICE.md', folder), 'utf8'),
    ]);
    expect(notice).toContain(createHash('sha256').update(file).digest('hex'));
  });

  it('gives seven further codes beyond doubt and leaves sixteen rows out', () => {
    const { matched, leftOut } = matchConflicts(directory.banks, directory.codeConflicts.rows);
    expect(matched.map(({ bank: { code }, conflict }) => `${conflict.code} ${code}`)).toEqual([
      '103 00103',
      '993 50515',
      '305 999992',
      'B54 999991',
      '104 526',
      'B57 51310',
      '039 221',
    ]);
    expect(leftOut).toHaveLength(16);
    expect(leftOut.map(({ name }) => name)).toContain('Kuda Microfinance Bank');
  });
});
