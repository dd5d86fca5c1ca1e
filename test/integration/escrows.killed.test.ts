import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { AppError, silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { createIdempotencyService } from '../../src/modules/idempotency/index.js';
import { doMove, doomedMoves, type DoomedMove, type DoomedName, type DoomedServer } from '../support/doomed-moves.js';
import { expectSound } from '../support/invariants.js';
import { startStatementLink, type CutAt, type StatementLink } from '../support/statement-link.js';
import { createServices, startMarket, type StoryMarket } from '../support/stories.js';

const testMsMax = 300_000;
/** More than any move takes. */
const statementsMax = 200;
/** With RUNAM_KILLS=all each move is interrupted in every way at every statement; else in one way at every, in all at the last. */
const isEverywhere = process.env['RUNAM_KILLS'] === 'all';
const lastStatements = 1;
const ways = ['the database ends the connection', 'the request is lost', 'the answer is lost'] as const;
type Way = (typeof ways)[number];

let market: StoryMarket;
let link: StatementLink;
let doomed: DoomedServer;
let admin: Client;

beforeEach(async () => {
  market = await startMarket();
  admin = new Client({ connectionString: market.database.url });
  await admin.connect();
  link = await startStatementLink(market.database.url);
  doomed = serverOn(link.url);
});
afterEach(async () => {
  await doomed.db.close();
  await link.close();
  await admin.end();
  await market.close();
});

function serverOn(url: string): DoomedServer {
  const db = createDb({ url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 60_000 });
  const { clock } = market;
  return { ...createServices(db, clock), idempotency: createIdempotencyService({ db, clock, ttlMs: 86_400_000 }) };
}

const at: Readonly<Record<Way, CutAt>> = {
  'the database ends the connection': 'request',
  'the request is lost': 'request',
  'the answer is lost': 'answer',
};

async function endBackend(pid: number): Promise<void> {
  const { rows } = await admin.query<{ ended: boolean }>('SELECT pg_terminate_backend($1, 10000) AS ended', [pid]);
  expect(rows).toEqual([{ ended: true }]);
}

/** Tries the move over a connection that breaks at its `nth` statement. @returns whether it did: a short move ends before */
async function tryOut(move: DoomedMove, key: string, nth: number, way: Way): Promise<boolean> {
  await mend();
  link.cutAt(nth, at[way], way === 'the database ends the connection' ? endBackend : undefined);
  const outcome = await doMove(doomed, move, key).catch((error: unknown) => error);
  if (link.isCut) expect(outcome, `${way} at statement ${nth}`).toSatisfy(mayBeRepeated);
  else if (outcome instanceof Error) throw outcome;
  return link.isCut;
}

/** The way to the database is whole again, and the server knows it. */
async function mend(): Promise<void> {
  link.cutAt(Infinity, 'request');
  await vi.waitFor(() => doomed.db.read.tenant.count(), { timeout: 45_000, interval: 5 });
}

/** Who was cut off is told that it may be repeated, or the answer; a timer's round says that it failed, if it says anything. */
function mayBeRepeated(outcome: unknown): boolean {
  return outcome instanceof AppError
    ? outcome.code === 'UNAVAILABLE' && outcome.retryable
    : !(outcome instanceof Error);
}

/** Every row of every table but row_change, whose rows go in the background once the caches were told. */
async function everyRow(): Promise<string> {
  const { rows } = await admin.query<{ table: string }>(
    `SELECT quote_ident(table_name) AS table FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'row_change'`,
  );
  const hashes = rows.map(
    ({ table }) => `SELECT '${table}' AS t, md5(string_agg(r::text, '|' ORDER BY r::text)) AS rows FROM ${table} r`,
  );
  return JSON.stringify((await admin.query(`${hashes.join(' UNION ALL ')} ORDER BY 1`)).rows);
}

async function happened(
  errandId: string,
  name: DoomedName,
): Promise<{ events: number; journals: number; state: string }> {
  const { rows } = await admin.query<{ events: number; journals: number; state: string }>(
    `SELECT state, (SELECT count(*)::int FROM process_event WHERE errand_id = $1 AND transition = $2) AS events,
       (SELECT count(*)::int FROM journal WHERE business_ref = 'errand:' || $1::text AND kind = 'errand.' || $2) AS journals
     FROM errand WHERE id = $1::uuid`,
    [errandId, name],
  );
  return rows[0]!;
}

/**
 * Interrupts a move at one statement after the other, always the same call, until it gets through. After each time the
 * database is as it was, to the last row, or the move has happened; which it does once.
 * @returns how many statements there were to be interrupted
 */
async function interruptAll(name: DoomedName, way: Way, from: number): Promise<number> {
  const move = await doomedMoves[name](market);
  const key = uuidv7();
  const before = await everyRow();
  let now = before;
  let nth = from;
  for (; await tryOut(move, key, nth, way); nth += 1) {
    expect(nth).toBeLessThan(statementsMax);
    const rows = await everyRow();
    if (rows === now) continue;
    const when = `${name}: ${way} at statement ${nth}`;
    expect(now, `${when}, and it had happened before`).toBe(before);
    now = rows;
    expect(await happened(move.errandId, name), when).toEqual({ events: 1, journals: 1, state: move.to });
    await expectSound(market.db, market.tenantId, when);
  }
  await mend();
  const again = await doMove(doomed, move, key);
  expect(again).toMatchObject(move.viewer ? { isReplay: true } : { fired: 0, failed: 0 });
  expect(await happened(move.errandId, name)).toEqual({ events: 1, journals: 1, state: move.to });
  await expectSound(market.db, market.tenantId, name);
  tell({ name, way, from, cuts: nth - from });
  return nth - 1;
}

/** The figures of a run, for whoever wants them: RUNAM_E2E_FIGURES=1. */
function tell(figures: object): void {
  if (process.env['RUNAM_E2E_FIGURES']) process.stdout.write(`${JSON.stringify(figures)}\n`);
}

describe.each(Object.keys(doomedMoves) as DoomedName[])('%s whose connection breaks at any statement', (name) => {
  it(
    'leaves everything as it was, or has happened whole; and repeated with its key it happens once',
    async () => {
      const statements = await interruptAll(name, ways[0], 1);
      expect(statements, 'statements interrupted').toBeGreaterThan(10);
      const from = isEverywhere ? 1 : statements - lastStatements + 1;
      for (const way of ways.slice(1)) await interruptAll(name, way, from);
    },
    testMsMax,
  );
});

const worker = fileURLToPath(new URL('../support/doomed-worker.mjs', import.meta.url));

/** Has a process of its own do the move, and kills it at its `nth` statement. @returns whether it was killed, else what it said */
async function killAt(move: DoomedMove, name: KilledName, key: string, nth: number, way: CutAt) {
  const viewer = { ...move.viewer!, roles: [...move.viewer!.roles] };
  const order = { url: link.url, now: market.clock.now(), viewer, errandId: move.errandId, key, move: name };
  const child = spawn(process.execPath, [worker, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'close');
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  link.cutAt(nth, way, async () => {
    child.kill('SIGKILL');
    await exited;
    return 'lost';
  });
  const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null];
  return { isKilled: link.isCut && signal === 'SIGKILL', code, said };
}

const killedNames = ['confirm', 'fundFromWallet'] as const;
type KilledName = (typeof killedNames)[number];

describe.each(killedNames)('%s by a process that is killed', (name) => {
  it(
    'leaves everything as it was before COMMIT and has happened after it; a new process that repeats it does it once',
    async () => {
      const started = await doomedMoves[name](market);
      const counted = await countStatements(started);
      // In the middle, before COMMIT, and when it was done but not answered.
      const kills = [
        { nth: Math.floor(counted / 2), way: 'request' },
        { nth: counted, way: 'request' },
        { nth: counted, way: 'answer' },
      ] as const;
      const move = await doomedMoves[name](market);
      const key = uuidv7();
      for (const { nth, way } of kills) {
        const before = await everyRow();
        expect(await killAt(move, name, key, nth, way)).toMatchObject({ isKilled: true, said: '' });
        const isDone = way === 'answer';
        const after = { isAsBefore: (await everyRow()) === before, ...(await happened(move.errandId, name)) };
        const done = { isAsBefore: false, events: 1, journals: 1, state: move.to };
        const nothing = { isAsBefore: true, events: 0, journals: 0, state: move.from };
        expect(after).toEqual(isDone ? done : nothing);
        await expectSound(market.db, market.tenantId, `${name} killed at the ${way} of statement ${nth} of ${counted}`);
      }
      const last = await killAt(move, name, key, statementsMax, 'request');
      expect(last).toMatchObject({ isKilled: false, code: 0, said: '{"isReplay":true}\n' });
      expect(await happened(move.errandId, name)).toEqual({ events: 1, journals: 1, state: move.to });
    },
    testMsMax,
  );
});

/** Does the move on a new connection. @returns how many statements it took, COMMIT included and what follows it left out */
async function countStatements(move: DoomedMove): Promise<number> {
  const server = serverOn(link.url);
  let statements = 0;
  let commit = 0;
  link.watch((text) => {
    statements += 1;
    if (text.includes('COMMIT')) commit = statements;
  });
  await doMove(server, move, uuidv7());
  link.watch(undefined);
  await server.db.close();
  return commit;
}
