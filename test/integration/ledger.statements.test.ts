import { asyncProperty, array, assert, bigInt, constantFrom, nat, record, uniqueArray } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserViewer } from '../../src/kernel/index.js';
import { uuidv7 } from '../../src/kernel/index.js';
import {
  accounts,
  createSealer,
  postJournal,
  statementCsv,
  statementCursor,
  transfer,
  type AccountStatement,
  type Posting,
  type StatementLine,
} from '../../src/modules/ledger/index.js';
import { settled } from '../support/sealed-books.js';
import { hourMs, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let finance: UserViewer;
beforeAll(async () => {
  market = await startMarket();
  finance = await market.addPerson(market.tenantId, 'FINANCE');
});
afterAll(() => market.close());

async function book(tenantId: string, postings: readonly Posting[], at: Date): Promise<void> {
  const names = { id: uuidv7(), tenantId, kind: 'test', businessRef: 'test:1', actorId: null };
  const times = { effectiveAt: at, recordedAt: at };
  await market.db.write((tx) => postJournal(tx, { ...names, ...times, currency: 'NGN', postings }));
}

/** A market of its own, so that its books hold nothing else. */
async function newBooks() {
  const tenantId = await market.addTenant(uuidv7(), 'NGN');
  return { tenantId, bookkeeper: await market.addPerson(tenantId, 'FINANCE') };
}

/** Every line of a statement, page by page, with its first page. */
async function wholeStatement(viewer: UserViewer, code: string, from?: Date, to?: Date, first = 100) {
  const lines: StatementLine[] = [];
  let csv = '';
  let after: string | undefined;
  let firstPage: AccountStatement | undefined;
  for (;;) {
    const page = await market.ledger.accountStatement(viewer, code, 'NGN', { from, to, first, after });
    csv += statementCsv(page, { isFirstPage: after === undefined });
    firstPage ??= page;
    lines.push(...page.lines.rows);
    if (!page.lines.hasNextPage) return { ...firstPage, lines, csv };
    after = Buffer.from(JSON.stringify(Object.values(statementCursor(lines.at(-1)!)))).toString('base64url');
  }
}

function changeOf({ side, amount }: StatementLine, type: string): bigint {
  const grown = type === 'ASSET' || type === 'EXPENSE' ? 'DEBIT' : 'CREDIT';
  return side === grown ? amount : -amount;
}

const [one, two] = [accounts.wallet(uuidv7()), accounts.wallet(uuidv7())];
const psp = accounts.pspClearing('sandbox');
const move = record({
  kind: constantFrom('in', 'out', 'pass', 'both'),
  amount: bigInt({ min: 1n, max: 500n }),
  /** Many in the same millisecond; some with a clock that is behind. */
  stepMs: constantFrom(0, 0, 1, 250, 3_600_000, -1, -5_000),
});

function postingsOf({ kind, amount }: { kind: string; amount: bigint }): readonly Posting[] {
  if (kind === 'in') return transfer(psp, one, amount);
  if (kind === 'out') return transfer(one, psp, amount);
  if (kind === 'pass') return transfer(one, two, amount);
  return [
    ...transfer(psp, one, amount + 1n),
    ...transfer(one, two, amount),
    ...transfer(one, accounts.commission(), 1n),
  ];
}

describe('statements of an account', () => {
  it('tile its whole history, whatever the periods: each opens where the one before closed, no line twice or left out', async () => {
    let periods = 0;
    let lines = 0;
    await assert(
      asyncProperty(
        array(move, { minLength: 8, maxLength: 20 }),
        uniqueArray(nat(19), { maxLength: 5 }),
        constantFrom(0, 1, 777),
        async (moves, cuts, cutMs) => {
          const { tenantId, bookkeeper } = await newBooks();
          const start = market.clock.now().getTime();
          await book(tenantId, [...transfer(psp, one, 20_000n), ...transfer(psp, two, 1n)], new Date(start));
          let atMs = start;
          const times = [start];
          for (const each of moves) {
            atMs += each.stepMs;
            times.push(atMs);
            await book(tenantId, postingsOf(each), new Date(atMs));
          }
          const bounds = cuts
            .flatMap((cut) => (times[cut] === undefined ? [] : [new Date(times[cut] + cutMs)]))
            .toSorted((early, late) => early.getTime() - late.getTime());
          for (const { code, floored } of [one, two, psp]) {
            const whole = await wholeStatement(bookkeeper, code, undefined, undefined, 7);
            let balance = 0n;
            for (const line of whole.lines) {
              balance += changeOf(line, whole.type);
              expect(line.balance).toBe(balance);
            }
            expect([whole.opening, whole.closing]).toEqual([0n, balance]);
            if (floored) await expectAsBooked(tenantId, code, whole.lines);
            const tiles = [];
            for (const [at, from] of [undefined, ...bounds].entries())
              tiles.push(await wholeStatement(bookkeeper, code, from, bounds[at]));
            expect(tiles.flatMap((tile) => tile.lines)).toEqual(whole.lines);
            for (const [at, tile] of tiles.entries()) {
              expect(tile.opening).toBe(at === 0 ? 0n : tiles[at - 1]!.closing);
              const grown = tile.lines.reduce((sum, line) => sum + changeOf(line, tile.type), 0n);
              expect(tile.closing).toBe(tile.opening + grown);
              expect(tile.debits + tile.credits).toBe(tile.lines.reduce((sum, { amount }) => sum + amount, 0n));
            }
            expect(tiles.at(-1)!.closing).toBe(balance);
            periods += tiles.length;
            lines += whole.lines.length;
          }
        },
      ),
      { numRuns: 5, seed: 20260302 },
    );
    expect(periods).toBeGreaterThan(30);
    expect(lines).toBeGreaterThan(100);
  });

  it('agree with the balance as of the same moment when everything was recorded in the order it was booked', async () => {
    const { tenantId, bookkeeper } = await newBooks();
    const start = market.clock.now().getTime();
    for (const step of [0, 5, 5, 9])
      await book(tenantId, postingsOf({ kind: 'both', amount: 100n }), new Date(start + step));
    for (const code of [one.code, psp.code, 'revenue:commission']) {
      for (const step of [-1, 0, 4, 5, 8, 9]) {
        const asOf = new Date(start + step);
        const { balance } = await market.ledger.accountBalance(bookkeeper, code, 'NGN', { asOf });
        const { closing } = await market.ledger.accountStatement(bookkeeper, code, 'NGN', { to: asOf });
        const { opening } = await market.ledger.accountStatement(bookkeeper, code, 'NGN', { from: asOf });
        expect([closing, opening]).toEqual([balance, balance]);
      }
    }
  });

  it('are final once the books are closed as of their end, and then stay as they are', async () => {
    const { tenantId, bookkeeper } = await newBooks();
    const { clock, db, ledger } = market;
    await book(tenantId, transfer(psp, one, 70n), clock.now());
    const to = clock.now();
    const asked = () => ledger.accountStatement(bookkeeper, one.code, 'NGN', { to });
    expect(await asked()).toMatchObject({ isFinal: false, closing: 70n });
    clock.forward(hourMs);
    await settled(createSealer({ db, clock }));
    const closed = await asked();
    expect(closed).toMatchObject({ isFinal: true, closing: 70n });
    await book(tenantId, transfer(psp, one, 5n), to);
    expect(await asked()).toEqual(closed);
    expect(await ledger.accountStatement(bookkeeper, one.code, 'NGN')).toMatchObject({ isFinal: false, closing: 75n });
  });

  it('are written as CSV whose pages, one behind the other, are the whole', async () => {
    const { tenantId, bookkeeper } = await newBooks();
    const at = market.clock.now();
    for (const amount of [10n, 20n, 30n]) await book(tenantId, transfer(psp, one, amount), at);
    await book(tenantId, transfer(one, two, 15n), at);
    const { csv, lines } = await wholeStatement(bookkeeper, one.code, undefined, at, 2);
    const time = at.toISOString();
    const row = (at: number, debit: string, credit: string, balance: number) =>
      `${time},${time},test,test:1,${lines[at]!.journalId},${debit},${credit},${balance},NGN`;
    expect(csv.split('\r\n')).toEqual([
      'bookedAt,effectiveAt,kind,reference,journal,debit,credit,balance,currency',
      ',,opening,,,,,0,NGN',
      row(0, '', '10', 10),
      row(1, '', '20', 30),
      row(2, '', '30', 60),
      row(3, '15', '', 45),
      `${time},,closing,,,,,45,NGN`,
      '',
    ]);
  });

  it('of a wallet are its owner’s, also before anything was booked, and those of other accounts for FINANCE and ADMIN', async () => {
    const { ledger, customer, runner, wallets, staff, tenantId } = market;
    const anonymous = { kind: 'anonymous', tenantId, roles: new Set<never>() } as const;
    expect(await ledger.myStatement(runner)).toMatchObject({ opening: 0n, closing: 0n, lines: { rows: [] } });
    await wallets.topUp(customer, { amountMinor: 900n, currency: 'NGN' });
    const own = await ledger.myStatement(customer);
    const { code } = accounts.wallet(customer.userId);
    expect(own).toMatchObject({ code, closing: 900n, lines: { rows: [{ kind: 'wallet.topUp', balance: 900n }] } });
    expect(await ledger.accountStatement(finance, code, 'NGN')).toEqual(own);
    for (const viewer of [customer, staff])
      await expect(ledger.accountStatement(viewer, code, 'NGN')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const { bookkeeper: elsewhere } = await newBooks();
    for (const [viewer, name] of [
      [elsewhere, code],
      [finance, 'user:nobody:wallet'],
    ] as const)
      await expect(ledger.accountStatement(viewer, name, 'NGN')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ledger.myStatement(anonymous)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('refuse periods and pages that cannot be, and say why', async () => {
    const { ledger, customer, clock } = market;
    const now = clock.now();
    const cursor = (...parts: string[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    const time = now.toISOString();
    for (const [period, path] of [
      [{ from: now, to: new Date(now.getTime() - 1) }, 'to'],
      [{ from: new Date('0000-01-01T00:00:00Z') }, 'from'],
      [{ to: new Date(8.64e15) }, 'to'],
      [{ first: 0 }, 'first'],
      [{ first: 101 }, 'first'],
      [{ after: 'x' }, 'after'],
      [{ after: cursor('CREATED_DESC', time, uuidv7()) }, 'after'],
      [{ after: cursor('STATEMENT', time, '1:2') }, 'after'],
      [{ after: cursor('STATEMENT', '+275760-09-13T00:00:00.000Z', '1:2:3') }, 'after'],
      [{ after: cursor('STATEMENT', time, `1:${'9'.repeat(19)}:3`) }, 'after'],
    ] as const) {
      const refused = ledger.myStatement(customer, period);
      await expect(refused, JSON.stringify(period)).rejects.toMatchObject({ code: 'BAD_INPUT' });
      await expect(refused).rejects.toThrow(path);
    }
  });
});

/** A floored account's lines stand as the books number them, and leave what the books say they left. */
async function expectAsBooked(tenantId: string, code: string, lines: readonly StatementLine[]): Promise<void> {
  const booked = await market.db.read.$queryRaw<{ accountSeq: number; balance: bigint }[]>`
    SELECT l.account_seq AS "accountSeq", l.balance_after AS balance FROM journal_line l
    JOIN ledger_account a ON a.id = l.account_id WHERE a.tenant_id = ${tenantId}::uuid AND a.code = ${code} ORDER BY 1`;
  expect(lines.map(({ accountSeq, balance }) => ({ accountSeq, balance }))).toEqual(booked);
}
