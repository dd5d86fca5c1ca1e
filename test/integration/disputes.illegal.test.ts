import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prisma } from '../../src/db/index.js';
import { AppError, type UserViewer, type Viewer } from '../../src/kernel/index.js';
import {
  actorsOf,
  errandStates,
  transitions,
  type ActorKind,
  type ErrandState,
  type TransitionName,
} from '../../src/modules/errands/index.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let arbiter: UserViewer;
beforeAll(async () => {
  market = await startMarket();
  arbiter = await market.addPerson(market.tenantId, 'ARBITER');
});
afterAll(() => market.close());

const reason = 'We do not agree at all.';
const evidence = [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }] as const;
const tables = [
  'errand',
  'offer',
  'escrow',
  'dispute',
  'dispute_evidence',
  'dispute_decision',
  'process_event',
  'outbox',
  'ledger_account',
  'journal',
  'journal_line',
];

/** A digest of every row of every table that a dispute could touch. */
async function fingerprint(): Promise<string> {
  const digests = tables.map(
    (table) =>
      Prisma.sql`SELECT ${table} AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM ${Prisma.raw(table)} t`,
  );
  const rows = await market.db.read.$queryRaw<{ name: string; digest: string }[]>(Prisma.join(digests, ' UNION ALL '));
  return JSON.stringify(rows);
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'done';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** Every move that somebody can ask for about a dispute, with input that nothing is wrong with. */
function calls(viewer: Viewer, id: string, disputeId: string): Partial<Record<TransitionName, () => Promise<unknown>>> {
  const { disputes, escrows } = market;
  return {
    openDispute: () => disputes.open(viewer, id, { reason, claimMinor: 1n }),
    runnerDrop: () => escrows.drop(viewer, id),
    respondToDispute: () => disputes.respond(viewer, disputeId, { statement: 'No.' }),
    addEvidence: () => disputes.addEvidence(viewer, disputeId, evidence),
    withdrawDispute: () => disputes.withdraw(viewer, disputeId),
    proposeResolution: () => disputes.propose(viewer, disputeId, { outcome: 'REFUND', reason }),
    approveResolution: () => disputes.approve(viewer, disputeId, disputeId),
    appealDispute: () => disputes.appeal(viewer, disputeId, reason),
  };
}

const ofErrand: ReadonlySet<TransitionName> = new Set(['openDispute', 'runnerDrop']);
type Kind = Exclude<ActorKind, 'system'>;

/** What a refused call is told, and undefined where the table lets it through. */
function refusal(name: TransitionName, state: ErrandState, kind: Kind): string | undefined {
  const rule = transitions[name];
  const isHidden = !ofErrand.has(name) && (kind === 'runner' || kind === 'stranger');
  if (isHidden || (state === 'DRAFT' && kind !== 'customer' && kind !== 'staff')) return 'NOT_FOUND';
  if (!actorsOf(rule).includes(kind)) return 'FORBIDDEN';
  return (rule.from as readonly string[]).includes(state) ? undefined : 'ILLEGAL_TRANSITION';
}

/** An errand in a state, with an open dispute about it once it has a runner: on its road, then put there by hand. */
async function errandIn(state: ErrandState): Promise<{ id: string; disputeId: string | undefined }> {
  const { tell, disputes, customer, db } = market;
  if (state === 'DRAFT' || state === 'OPEN')
    return { id: (await tell.open({ publish: state === 'OPEN' })).id, disputeId: undefined };
  const { errand } = await tell.started();
  const { dispute } = await disputes.open(customer, errand.id, { reason, claimMinor: 1n });
  await db.write((tx) => tx.errand.update({ where: { id: errand.id }, data: { state } }));
  return { id: errand.id, disputeId: dispute.id };
}

describe('illegal (state, transition, actor) triples about disputes', () => {
  it.each(errandStates)('are typed errors that change no row of an errand that is %s', async (state) => {
    const { id, disputeId } = await errandIn(state);
    const people: readonly (readonly [Kind, UserViewer])[] = [
      ['customer', market.customer],
      ['runner', market.rival],
      ['assignedRunner', market.runner],
      ['staff', market.staff],
      ['staff', arbiter],
      ['stranger', market.stranger],
    ];
    const before = await fingerprint();
    let refused = 0;
    for (const [kind, viewer] of people) {
      // Before anybody is accepted nobody is the assigned runner, and there is no dispute.
      if (kind === 'assignedRunner' && disputeId === undefined) continue;
      for (const [name, call] of Object.entries(calls(viewer, id, disputeId ?? id)) as [
        TransitionName,
        () => Promise<unknown>,
      ][]) {
        if (disputeId === undefined && !ofErrand.has(name)) continue;
        const expected = refusal(name, state, kind);
        if (expected === undefined) continue;
        refused += 1;
        expect(`${kind} ${name} ${await codeOf(call)}`).toBe(`${kind} ${name} ${expected}`);
      }
    }
    expect(refused).toBeGreaterThanOrEqual(disputeId === undefined ? 10 : 30);
    expect(await fingerprint()).toBe(before);
  });

  it('leave the fingerprint alone only because they are illegal: a legal move changes it', async () => {
    const { disputes, runner } = market;
    const { disputeId } = await errandIn('DISPUTED');
    for (const move of [
      () => disputes.addEvidence(runner, disputeId!, evidence),
      () => disputes.respond(runner, disputeId!, { statement: 'No.' }),
      () => disputes.propose(arbiter, disputeId!, { outcome: 'REFUND', reason }),
      () => disputes.appeal(runner, disputeId!, reason),
    ]) {
      const before = await fingerprint();
      await move();
      expect(await fingerprint()).not.toBe(before);
    }
  });
});

describe('somebody of another market, or who is not signed in', () => {
  it('finds no dispute by any id, changes none, and lists none', async () => {
    const { addTenant, addPerson, disputes, tenantId } = market;
    const elsewhere = await addPerson(await addTenant('elsewhere', 'KES'), 'CUSTOMER', 'RUNNER', 'ARBITER', 'ADMIN');
    const anonymous: Viewer = { kind: 'anonymous', tenantId, roles: new Set() };
    const { id, disputeId } = await errandIn('DISPUTED');
    const before = await fingerprint();
    for (const [viewer, code] of [
      [elsewhere, 'NOT_FOUND'],
      [anonymous, 'UNAUTHENTICATED'],
    ] as const) {
      for (const call of Object.values(calls(viewer, id, disputeId!))) expect(await codeOf(call)).toBe(code);
      expect(await codeOf(() => disputes.get(viewer, disputeId!))).toBe('NOT_FOUND');
    }
    expect((await disputes.list(elsewhere, {})).rows).toEqual([]);
    for (const ids of [[disputeId!], [id]]) {
      expect(await disputes.evidenceFor(elsewhere.tenantId, ids)).toEqual([]);
      expect(await disputes.decisionsFor(elsewhere.tenantId, ids)).toEqual([]);
      expect(await disputes.byErrandIds(elsewhere.tenantId, ids)).toEqual([]);
    }
    expect(await fingerprint()).toBe(before);
  });

  it('and no id that is none', async () => {
    for (const id of ['', 'x', "' OR 1=1 --", '00000000-0000-7000-8000-000000000000'])
      expect(await codeOf(() => market.disputes.get(market.staff, id))).toBe('NOT_FOUND');
  });
});

describe('a list of disputes', () => {
  it('is the parties’ own, newest first and page by page, and everything to support and arbiters', async () => {
    const { disputes, runner, rival, staff } = market;
    market.clock.forward(1);
    const first = await errandIn('DISPUTED');
    market.clock.forward(1);
    const second = await errandIn('DISPUTED');
    const ids = async (viewer: UserViewer, args = {}) => (await disputes.list(viewer, args)).rows.map(({ id }) => id);
    expect((await ids(runner)).slice(0, 2)).toEqual([second.disputeId, first.disputeId]);
    expect(await ids(rival)).toEqual([]);
    expect(await ids(staff)).toEqual(await ids(arbiter));
    expect(await ids(runner, { first: 1 })).toEqual([second.disputeId]);
    expect(await ids(runner, { state: 'WITHDRAWN' })).toEqual([]);
    const shrug = disputes.list(runner, { state: 'SHRUG' as 'FINAL' });
    await expect(shrug).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
