import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import {
  createBankService,
  importBanks,
  readBankDirectory,
  syncBankCodes,
  type BankDirectory,
  type BankImportReport,
  type BankService,
} from '../../src/modules/banks/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const firstImport = new Date('2026-03-01T09:00:00Z');
const laterImport = new Date('2026-04-01T09:00:00Z');
let directory: BankDirectory;
let database: TestDatabase;
let db: Db;
let banks: BankService;
let first: BankImportReport;
const statements: string[] = [];

beforeAll(async () => {
  directory = await readBankDirectory();
});

beforeEach(async () => {
  database = await createTestDatabase();
  db = open();
  banks = createBankService({ db });
  first = await importAt(firstImport);
  return async () => {
    await db.close();
    await database.drop();
  };
});

function open(): Db {
  const onStatement = (sql: string) => void (sql.includes('row_change') || statements.push(sql));
  return createDb({ url: database.url, logger: silentLogger, onStatement });
}

function importAt(now: Date, source: BankDirectory = directory, through: Db = db): Promise<BankImportReport> {
  return through.write((tx) => importBanks(tx, source, { now: () => now }));
}

/** Everything stored of the directory, in a fixed order. */
async function snapshot() {
  return db.read.bank.findMany({
    include: { codes: { orderBy: { id: 'asc' } }, aliases: { orderBy: { name: 'asc' } } },
    orderBy: { id: 'asc' },
  });
}

/** The directory with the bank of one code changed, or left out. */
function edited(code: string, change: Partial<BankDirectory['banks'][number]> | 'gone'): BankDirectory {
  const edit = (bank: BankDirectory['banks'][number]) => {
    if (bank.country !== 'NG' || bank.code !== code) return [bank];
    return change === 'gone' ? [] : [{ ...bank, ...change }];
  };
  return { ...directory, banks: directory.banks.flatMap(edit) };
}

describe('importing the bank directory', () => {
  it('stores all 151 banks, 48 NG, 29 GH, 35 KE and 39 ZA, each with its code, and reports what it did', async () => {
    expect(first).toMatchObject({
      banks: 151,
      created: 151,
      changed: 0,
      closed: 0,
      codesCreated: 158,
      conflictsMatched: 7,
    });
    expect(first.conflictsLeftOut).toHaveLength(16);
    const counts = await Promise.all(
      ['NG', 'GH', 'KE', 'ZA'].map(async (country) => (await banks.list({ country })).length),
    );
    expect(counts).toEqual([48, 29, 35, 39]);
    const stored = await snapshot();
    expect(stored.every(({ codes, sources, active }) => codes.length > 0 && sources.length > 0 && active)).toBe(true);
    const listed = (await Promise.all(['NG', 'GH', 'KE', 'ZA'].map((country) => banks.list({ country })))).flat();
    const asListed = listed.map(({ country, type, codeScheme, code, name }) =>
      [country, type, codeScheme, code, name].join('|'),
    );
    const asSource = directory.banks.map(({ country, type, codeScheme, code, name }) =>
      [country, type, codeScheme, code, name].join('|'),
    );
    expect(asListed.toSorted()).toEqual(asSource.toSorted());
  });

  it('changes nothing the second time and writes nothing', async () => {
    const before = await snapshot();
    statements.length = 0;
    const again = await importAt(laterImport);
    expect(again).toMatchObject({
      banks: 151,
      created: 0,
      changed: 0,
      closed: 0,
      codesCreated: 0,
      codesClosed: 0,
      aliasesCreated: 0,
    });
    expect(statements.filter((sql) => /^\s*(INSERT|UPDATE|DELETE)/i.test(sql))).toEqual([]);
    expect(await snapshot()).toEqual(before);
  });

  it('gives the same ids in every database', async () => {
    const other = await createTestDatabase();
    const otherDb = createDb({ url: other.url, logger: silentLogger });
    await importAt(laterImport, directory, otherDb);
    const ids = await otherDb.read.bank.findMany({ select: { id: true }, orderBy: { id: 'asc' } });
    await otherDb.close();
    await other.drop();
    expect(ids.map(({ id }) => id)).toEqual((await snapshot()).map(({ id }) => id));
  });

  it('keeps the zeros in front of codes', async () => {
    const listed = await banks.list({ country: 'NG' });
    expect(listed.find(({ slug }) => slug === 'access-bank')?.code).toBe('044');
    expect(listed.find(({ slug }) => slug === 'globus-bank')?.code).toBe('00103');
    expect((await banks.list({ country: 'GH', search: '010100' })).map(({ name }) => name)).toEqual(['Bank of Ghana']);
    expect((await banks.list({ country: 'KE', search: 'Kenya Commercial' })).map(({ code }) => code)).toEqual(['01']);
    expect((await banks.list({ country: 'ZA', search: 'Standard Bank South' })).map(({ code }) => code)).toEqual([
      '051001',
    ]);
  });

  it('keeps the id of a renamed bank and its old name as an alias', async () => {
    const before = (await banks.list({ country: 'NG', search: '214' }))[0];
    const report = await importAt(laterImport, edited('214', { name: 'FCMB', slug: 'fcmb' }));
    expect(report).toMatchObject({ created: 0, changed: 1, closed: 0, aliasesCreated: 1 });
    const [found] = await banks.list({ country: 'NG', search: 'first city monument' });
    expect(found).toEqual({ ...before, name: 'FCMB', slug: 'fcmb' });
    expect(await importAt(laterImport, edited('214', { name: 'FCMB', slug: 'fcmb' }))).toMatchObject({
      changed: 0,
      aliasesCreated: 0,
    });
  });

  it('ends a bank that is gone from the source, with its codes, and deletes nothing', async () => {
    const [heritage] = await banks.list({ country: 'NG', search: 'Heritage' });
    const report = await importAt(laterImport, edited('030', 'gone'));
    expect(report).toMatchObject({ created: 0, changed: 0, closed: 1, codesClosed: 1 });
    expect(await banks.list({ country: 'NG', search: 'Heritage' })).toEqual([]);
    const row = await db.read.bank.findUniqueOrThrow({ where: { id: heritage!.id }, include: { codes: true } });
    expect(row).toMatchObject({ name: heritage!.name, active: false });
    expect([row.validTo, ...row.codes.map(({ validTo }) => validTo)]).toEqual([laterImport, laterImport]);
    expect(await importAt(laterImport, edited('030', 'gone'))).toMatchObject({ closed: 0, codesClosed: 0 });
  });

  it('lets a bank that comes back go on under its old id', async () => {
    const before = await snapshot();
    await importAt(laterImport, edited('030', 'gone'));
    expect(await importAt(laterImport)).toMatchObject({ created: 0, changed: 1, codesCreated: 0 });
    const withoutTime = (rows: typeof before) => rows.map((row) => ({ ...row, updatedAt: firstImport }));
    expect(withoutTime(await snapshot())).toEqual(withoutTime(before));
  });

  it('moves the code of another provider when a different bank takes over its name', async () => {
    const banksSwapped = directory.banks.map((bank) => {
      if (bank.code === '221') return { ...bank, name: 'Stanbic Old' };
      return bank.code === '559' ? { ...bank, name: 'Stanbic IBTC Bank' } : bank;
    });
    const report = await importAt(laterImport, { ...directory, banks: banksSwapped });
    expect(report).toMatchObject({ changed: 2, codesCreated: 1, codesClosed: 1 });
    const rows = await db.read.bankCode.findMany({ where: { code: '039', validTo: null }, include: { bank: true } });
    expect(rows.map(({ bank }) => bank.name)).toEqual(['Stanbic IBTC Bank']);
  });

  it('follows one another when two servers import at once', async () => {
    const empty = await createTestDatabase();
    const servers = [0, 1].map(() => createDb({ url: empty.url, logger: silentLogger }));
    const reports = await Promise.all(servers.map((server) => importAt(firstImport, directory, server)));
    await Promise.all(servers.map((server) => server.close()));
    await empty.drop();
    expect(reports.map(({ created }) => created).toSorted((a, b) => a - b)).toEqual([0, 151]);
  });
});

describe("a provider's own list of codes", () => {
  it('leaves out a row whose name or code another row has too, whatever is wrong with that one besides', async () => {
    const rows = [
      { name: 'Access Bank', code: '0044' },
      { name: 'Access Bank', code: '0099' },
      { name: 'Zenith Bank', code: '0099' },
      { name: 'GTBank', code: '0058' },
    ];
    const list = { provider: 'flutterwave', country: 'NG', source: 'its own list', rows } as const;
    const { leftOut } = await db.write((tx) => syncBankCodes(tx, list, true, { now: () => laterImport }));
    expect(leftOut).toEqual(rows.map(({ name: bank, code }) => ({ bank, code })));
    expect(await db.read.bankCode.count({ where: { provider: 'flutterwave' } })).toBe(0);
  });
});

describe('listing banks', () => {
  it('sorts by name and takes at most two statements', async () => {
    statements.length = 0;
    const listed = await banks.list({ country: 'NG' });
    expect(statements.length).toBeLessThanOrEqual(2);
    const names = listed.map(({ name }) => name);
    expect(names.slice(0, 5)).toEqual([
      'Abbey Mortgage Bank',
      'Access Bank',
      'Access Bank (Diamond)',
      'ALAT by WEMA',
      'ASO Savings and Loans',
    ]);
  });

  it('answers with plain rows', async () => {
    const [opay] = await banks.list({ country: 'NG', search: '999992' });
    expect(opay).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'OPay',
      slug: 'paycom',
      code: '999992',
      codeScheme: 'paystack',
      provider: 'paystack',
      type: 'NUBAN',
      currency: 'NGN',
      country: 'NG',
      active: true,
    });
  });

  it('takes the country in any case and names the accepted ones when it has no list', async () => {
    expect(await banks.list({ country: ' ng ' })).toHaveLength(48);
    await expect(banks.list({ country: 'US' })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('NG, GH, KE, ZA'),
      fields: [{ path: 'country' }],
    });
  });

  it('filters by type', async () => {
    expect((await banks.list({ country: 'GH', type: 'MOBILE_MONEY' })).map(({ code }) => code)).toEqual([
      'ATL',
      'MTN',
      'VOD',
    ]);
    expect(await banks.list({ country: 'NG', type: 'BASA' })).toEqual([]);
  });

  it('finds by part of a name, by alias, and by the beginning of a code of any provider', async () => {
    const names = async (search: string, country = 'NG') =>
      (await banks.list({ country, search })).map(({ name }) => name);
    expect(await names('gUARANTY')).toEqual(['Guaranty Trust Bank']);
    expect(await names('tyme bank', 'ZA')).toEqual(['TymeBank']);
    expect(await names('Moniepoint Microfinance')).toEqual(['Moniepoint MFB']);
    expect(await names('b54')).toEqual(['PalmPay']);
    expect(await names('99999')).toEqual(['OPay', 'PalmPay']);
    expect(await names('no such bank')).toEqual([]);
    expect(await names('  ')).toHaveLength(48);
  });

  it('reads signs that mean something to SQL as themselves', async () => {
    for (const search of ['%', '_', '\\', "'; DROP TABLE bank; --"]) {
      expect(await banks.list({ country: 'NG', search })).toEqual([]);
    }
    await expect(banks.list({ country: 'NG', search: 'x'.repeat(81) })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
