import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { sealedBooks } from '../support/sealed-books.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

const script = fileURLToPath(new URL('../../scripts/runam.mjs', import.meta.url));

let market: StoryMarket;
let books: ReturnType<typeof sealedBooks>;
let empty: TestDatabase;
let head: string;

beforeAll(async () => {
  market = await startMarket();
  books = sealedBooks(market);
  await market.tell.assigned();
  head = await books.seal();
  empty = await createTestDatabase({ isEmpty: true });
}, 120_000);
afterAll(async () => {
  await market.close();
  await empty.drop();
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as people start it, in a process of its own. */
function runam(args: readonly string[], databaseUrl = market.database.url): Promise<Ended> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'warn', DATABASE_URL: databaseUrl };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, 'ledger', 'verify', ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

describe('runam ledger verify', { timeout: 120_000 }, () => {
  it('ends with 0 and says how far the books are sealed, when nothing is wrong', async () => {
    const { code, stdout } = await runam([]);
    expect([code, lastLine(stdout)]).toEqual([0, 'The books hold together.']);
    expect(stdout).toContain(`head: ${head}\n`);
    expect(stdout).not.toContain('FAULT');
  });

  it('says the same in one line of JSON, and that a head kept elsewhere is a link of the chain, in either case of letters', async () => {
    for (const kept of [head, head.toUpperCase()]) {
      const { code, stdout } = await runam(['--json', '--head', kept]);
      expect([code, JSON.parse(lastLine(stdout))]).toMatchObject([
        0,
        { ok: true, chain: { head }, unsealed: { journals: 0, events: 0 }, health: { ok: true }, faults: [] },
      ]);
    }
  });

  it('ends with 1 when a head that was kept elsewhere is no link of the chain', async () => {
    const { code, stdout } = await runam(['--head', 'f'.repeat(64)]);
    expect([code, lastLine(stdout)]).toEqual([1, 'The books do not hold together: 1 faults.']);
    expect(stdout).toContain(`FAULT close 1 the chain has no link ${'f'.repeat(64)}\n`);
  });

  it.each([
    { words: ['--head', 'abc'], says: '64 hex digits' },
    { words: ['--cheese'], says: "unknown option '--cheese'" },
    { words: ['everything'], says: 'too many arguments' },
  ])('$words ends with 2 and says what it takes', async ({ words, says }) => {
    const { code, stdout, stderr } = await runam(words);
    expect([code, stdout, stderr]).toEqual([2, expect.not.stringContaining('hold'), expect.stringContaining(says)]);
  });

  it('ends with 1 and one sentence when there is no database, or one without these books', async () => {
    const away = await runam(['--json'], 'postgresql://runam:runam@127.0.0.1:1/runam');
    expect([away.code, JSON.parse(lastLine(away.stdout))]).toMatchObject([
      1,
      { ok: false, error: { message: expect.stringContaining('No PostgreSQL listens') } },
    ]);
    const none = await runam([], empty.url);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('This database has no sealed books yet')]);
  });

  it('ends with 1 and names the journal, the account and the sums, when a line was changed behind its back', async () => {
    const line = await market.db.read.journalLine.findFirstOrThrow({ where: { accountSeq: { not: null } } });
    const { journalId, seq, accountId } = line;
    const { code: name } = await market.db.read.ledgerAccount.findUniqueOrThrow({ where: { id: accountId } });
    await books.tamper(
      (tx) =>
        tx.$executeRaw`UPDATE journal_line SET amount = amount + 1 WHERE journal_id = ${journalId}::uuid AND seq = ${seq}`,
    );
    const told = await runam([]);
    expect([told.code, lastLine(told.stdout)]).toEqual([1, expect.stringMatching(/^The books do not hold together/)]);
    for (const fault of [
      `journal ${journalId} does not balance`,
      `account ${name} does not follow`,
      'in NGN differ by',
    ])
      expect(told.stdout).toContain(fault);
    const { code, stdout } = await runam(['--json']);
    const report = JSON.parse(lastLine(stdout)) as { faults: readonly { kind: string; name: string }[] };
    expect([code, report]).toMatchObject([1, { ok: false, health: { ok: false, unbalancedJournals: [journalId] } }]);
    expect(report.faults).toContainEqual(expect.objectContaining({ kind: 'journal', name: journalId }));
  });
});
