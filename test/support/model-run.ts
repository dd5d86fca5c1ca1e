import { expect, vi } from 'vitest';
import { Prisma, createDb } from '../../src/db/index.js';
import { AppError, silentLogger, uuidv7, type UserViewer } from '../../src/kernel/index.js';
import { createIdempotencyService } from '../../src/modules/idempotency/index.js';
import { expectSound } from './invariants.js';
import { createModel, type ModelOptions } from './model.js';
import { people, Refused, type Who } from './model.type.js';
import { orderOf, type Order, type Server } from './model-orders.js';
import type { Command, World } from './model-roads.js';
import { startStatementLink, type StatementLink } from './statement-link.js';
import { createServices, type StoryMarket } from './stories.js';

/** The people and errands of one run, in a market of their own. */
export interface ModelRun {
  readonly counts: { commands: number; done: number; refused: number; cut: number; replayed: number };
  /** What was done or refused, with the code, at least once. */
  readonly seen: ReadonlySet<string>;
  /** @throws what the program did otherwise than the model, or what is wrong with the books */
  step(command: Command): Promise<void>;
  finish(): Promise<void>;
}

export interface ModelRunner {
  start(options?: ModelOptions): Promise<ModelRun>;
  close(): Promise<void>;
}

function serverOn(url: string, { clock }: StoryMarket): Server {
  const db = createDb({ url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 60_000 });
  return { ...createServices(db, clock), idempotency: createIdempotencyService({ db, clock, ttlMs: 86_400_000 }) };
}

export async function createModelRunner(market: StoryMarket): Promise<ModelRunner> {
  const link = await startStatementLink(market.database.url);
  const [doomed, healthy] = [serverOn(link.url, market), serverOn(market.database.url, market)];
  return {
    start: (options) => startRun({ market, link, doomed, healthy }, options),
    async close() {
      await Promise.all([doomed.db.close(), healthy.db.close()]);
      await link.close();
    },
  };
}

interface Ground {
  readonly market: StoryMarket;
  readonly link: StatementLink;
  readonly doomed: Server;
  readonly healthy: Server;
}

/** How often all the rules are looked at; what moved is compared after every command. */
const lookEvery = 25;

async function startRun(ground: Ground, options?: ModelOptions): Promise<ModelRun> {
  const { market, healthy } = ground;
  const tenantId = await market.addTenant(uuidv7(), 'NGN');
  const roles = { ada: 'CUSTOMER', bola: 'CUSTOMER', kofi: 'RUNNER', femi: 'RUNNER', staff: 'SUPPORT' } as const;
  const viewers = {} as Record<Who, UserViewer>;
  for (const who of people) viewers[who] = await market.addPerson(tenantId, roles[who]);
  const model = createModel(options);
  const world: World = { tenantId, viewers, model, slots: [], ids: [], offers: new Map(), disputes: new Map() };
  const counts = { commands: 0, done: 0, refused: 0, cut: 0, replayed: 0 };
  const seen = new Set<string>();
  let rows = await everyRow(ground, world);
  return {
    counts,
    seen,
    async step(one) {
      market.clock.forward(one.passMs);
      const order = orderOf(world, one, market.clock.now().getTime());
      if (!order) return;
      counts.commands += 1;
      const expected = predict(order.predict);
      const { outcome, isCut } = await carryOut(ground, order, one);
      if (isCut) counts.cut += 1;
      const when = `${order.action} by ${order.who} at ${market.clock.now().toISOString()}`;
      expect(outcome, when).toBe(expected);
      const after = await everyRow(ground, world);
      if (expected === 'done') counts.done += 1;
      else expect(after, `${when} was refused and changed rows`).toEqual(rows);
      if (expected !== 'done') counts.refused += 1;
      seen.add(`${order.action} ${expected}`);
      rows = after;
      expect(await standing(ground, world), when).toEqual(predicted(world));
      if (one.again && expected === 'done' && order.isKeyed) {
        await order.run(healthy);
        expect(await everyRow(ground, world), `${when}, repeated`).toEqual(rows);
        counts.replayed += 1;
      }
      if (counts.commands % lookEvery === 0) await expectSound(healthy.db, tenantId, when);
    },
    finish: () => expectSound(healthy.db, tenantId, 'at the end'),
  };
}

/** What the model says; it has done it then. @returns `done`, or the code that it refuses with */
function predict(work: () => unknown): string {
  try {
    work();
    return 'done';
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
}

/** Has the program do it; a call whose connection was cut is repeated, as its client would. */
async function carryOut({ link, doomed, healthy }: Ground, { run }: Order, { cutAt }: Command) {
  if (cutAt === null) return { outcome: await outcomeOf(run(healthy)), isCut: false };
  link.cutAt(Infinity, 'request');
  await vi.waitFor(() => doomed.db.read.tenant.count(), { timeout: 45_000, interval: 5 });
  link.cutAt(cutAt, cutAt % 2 === 0 ? 'request' : 'answer');
  const first = await outcomeOf(run(doomed));
  return { outcome: link.isCut ? await outcomeOf(run(healthy)) : first, isCut: link.isCut };
}

/** `done`, or the code of the refusal. @throws what is no refusal */
async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** A fingerprint of all that is written of a market, but of the charges that a failed call may leave behind. */
async function everyRow({ healthy }: Ground, { tenantId }: World): Promise<string> {
  const of = (table: string, where = `t.tenant_id = '${tenantId}'`) =>
    `(SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM ${table} t WHERE ${where})`;
  const tables = [
    'errand',
    'offer',
    'escrow',
    'milestone',
    'dispute',
    'dispute_decision',
    'proof',
    'ledger_account',
    'journal',
    'process_event',
    'outbox',
    'idempotency_record',
  ];
  const [row] = await healthy.db.read.$queryRaw<{ rows: string }[]>(
    Prisma.raw(`SELECT concat_ws(E'\n', ${tables.map((table) => `'${table}', ${of(table)}`).join(', ')}) AS rows`),
  );
  return row!.rows;
}

interface Standing {
  /** What each account holds by its lines; those that hold nothing are left out. */
  readonly accounts: Readonly<Record<string, bigint>>;
  /** By number: state, runner, and of the escrow at hand what came in, went out and went back. */
  readonly errands: readonly string[];
}

const houses: Readonly<Record<string, string>> = {
  'psp:sandbox:clearing': 'psp',
  'revenue:commission': 'commission',
  'revenue:cancellation': 'cancellation',
  'tax:vat': 'vat',
};

async function standing({ healthy }: Ground, { tenantId, viewers, ids }: World): Promise<Standing> {
  const { read } = healthy.db;
  const lines = await read.$queryRaw<{ code: string; errandId: string | null; minor: bigint }[]>`
    SELECT CASE WHEN a.owner_type = 'escrow' THEN split_part(a.code, ':', 3) ELSE a.code END AS code, e.errand_id::text AS "errandId",
           sum(CASE WHEN (l.side = 'CREDIT') = (a.type <> 'ASSET') THEN l.amount ELSE -l.amount END)::bigint AS minor
    FROM ledger_account a JOIN journal_line l ON l.account_id = a.id LEFT JOIN escrow e ON e.id = a.owner_id
    WHERE a.tenant_id = ${tenantId}::uuid GROUP BY 1, 2`;
  const names = new Map(Object.entries(viewers).map(([who, { userId }]) => [`user:${userId}:wallet`, who]));
  const accounts = lines.map(({ code, errandId, minor }) => {
    const name = errandId ? `${ids.indexOf(errandId)} ${code}` : (names.get(code) ?? houses[code] ?? code);
    return [name, minor] as const;
  });
  const rows = await read.$queryRaw<{ id: string; text: string; runner: string | null }[]>`
    SELECT t.id::text, t.runner_id::text AS runner,
      concat_ws(' ', t.state, coalesce(e.funded, 0), coalesce(e.released, 0), coalesce(e.refunded, 0), coalesce(e.tips, 0), coalesce(d.state::text, '-')) AS text
    FROM errand t LEFT JOIN escrow e ON e.errand_id = t.id AND e.retired_at IS NULL
    LEFT JOIN LATERAL (SELECT state FROM dispute WHERE errand_id = t.id ORDER BY created_at DESC, id DESC LIMIT 1) d ON TRUE
    WHERE t.tenant_id = ${tenantId}::uuid`;
  const byId = new Map(rows.map((row) => [row.id, row]));
  const person = (id: string | null) => people.find((who) => viewers[who].userId === id) ?? '-';
  const errands = ids.map((id) => `${person(byId.get(id)?.runner ?? null)} ${byId.get(id)?.text}`);
  return { accounts: Object.fromEntries(accounts.filter(([, minor]) => minor !== 0n)), errands };
}

function predicted({ model: { balances, errands } }: World): Standing {
  const held = errands.flatMap(({ number, escrow, state }) =>
    !escrow || state === 'AWAITING_FUNDING'
      ? []
      : ([
          [`${number} service`, escrow.service],
          [`${number} goods`, escrow.goods],
        ] as const),
  );
  const all = [...balances, ...held].filter(([, minor]) => minor !== 0n);
  const texts = errands.map(({ runner, state, escrow, dispute }) => {
    const { funded = 0n, released = 0n, refunded = 0n, tips = 0n } = escrow ?? {};
    return [runner ?? '-', state, funded, released, refunded, tips, dispute?.state ?? '-'].join(' ');
  });
  return { accounts: Object.fromEntries(all), errands: texts };
}
