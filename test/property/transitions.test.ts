import { assert, array, constant, constantFrom, nat, oneof, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError, type UserViewer } from '../../src/kernel/index.js';
import { errandStates, type ErrandState } from '../../src/modules/errands/index.js';
import { castMarket } from '../../src/seed/cast.js';
import { marketSpecs } from '../../src/seed/catalogue.js';
import { createRandom } from '../../src/seed/random.js';
import { createWorld } from '../../src/seed/world.js';
import type { World } from '../../src/seed/world.type.js';

const startMs = Date.parse('2026-03-02T09:00:00Z');
const cast = castMarket({ ...marketSpecs[0]!, users: 12 }, createRandom(1), new Date(startMs), '-');
const money = (minor: bigint) => ({ minor, currency: 'NGN' });
const input = {
  title: 'Bring a parcel',
  description: 'A small box.',
  category: 'DELIVERY',
  area: 'Yaba',
  budget: money(1_000n),
  goodsBudget: money(301n),
} as const;

const actions = [
  'publish',
  'offer',
  'accept',
  'fund',
  'start',
  'deliver',
  'confirm',
  'autoRelease',
  'cancel',
  'expire',
  'noShow',
] as const;
const command = record({
  /** Half of the time the next step of the main road, else anything. */
  action: oneof(constantFrom(...actions), constant('advance' as const)),
  /** Which of three errands. */
  errand: nat(2),
  /** Which of three runners. */
  runner: nat(2),
  amount: nat(5_000).map((amount) => BigInt(amount + 1)),
  /** The road is long: mostly minutes go by, sometimes days. */
  passMs: constantFrom(60_000, 60_000, 1_200_000, 1_200_000, 3_600_000, 3_600_000, 3 * 86_400_000),
});

interface Command {
  readonly action: (typeof actions)[number] | 'advance';
  readonly errand: number;
  readonly runner: number;
  readonly amount: bigint;
  readonly passMs: number;
}

/** The next step of the main road, by where the errand stands. */
const onwards: Partial<Record<ErrandState, (typeof actions)[number]>> = {
  DRAFT: 'publish',
  AWAITING_FUNDING: 'fund',
  ASSIGNED: 'start',
  IN_PROGRESS: 'deliver',
  DELIVERED: 'confirm',
};

/** @returns whether it happened; a refusal is an AppError, anything else a defect */
function tryOut(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

/** Runs one command the way a caller would, legal or not. */
function act(world: World, errandId: string, command: Command, at: Date): void {
  const { action, runner, amount } = command;
  if (action === 'advance') return advance(world, errandId, command, at);
  const who = cast.runners.filter(({ userId }) => userId !== world.rows.errands.get(errandId)?.customerId)[
    runner
  ] as UserViewer;
  if (action === 'offer') return void world.offer(errandId, who, amount, null, at);
  if (action === 'accept') {
    const offer = [...world.rows.offers.values()].find(
      (one) => one.errandId === errandId && one.runnerId === who.userId,
    );
    return offer && world.accept(errandId, offer.id, at);
  }
  const { runnerId } = world.rows.errands.get(errandId)!;
  const needsRunner = action === 'start' || action === 'deliver';
  const needsEscrow =
    needsRunner || action === 'fund' || action === 'confirm' || action === 'autoRelease' || action === 'noShow';
  if ((needsRunner && !runnerId) || (needsEscrow && !world.rows.escrows.has(errandId))) return;
  if (action === 'fund') return world.fund(errandId, 100n, at);
  if (action === 'confirm') return world.confirm(errandId, amount % 302n, at);
  world[action](errandId, at);
}

function advance(world: World, errandId: string, command: Command, at: Date): void {
  const { state } = world.rows.errands.get(errandId)!;
  const hasOffer = [...world.rows.offers.values()].some(
    (offer) => offer.errandId === errandId && offer.state === 'PENDING',
  );
  const action = state === 'OPEN' ? (hasOffer ? 'accept' : 'offer') : onwards[state];
  if (action) act(world, errandId, { ...command, action, runner: 0 }, at);
}

function snapshot({ rows: { errands, offers, escrows, events }, books }: World): unknown {
  return [[...errands], [...offers], [...escrows], [...books.balances()], books.imbalance(), events.length];
}

const closed: ReadonlySet<string> = new Set(['COMPLETED', 'CANCELLED', 'EXPIRED']);

function expectSound({ rows: { errands, escrows, events }, books }: World): void {
  expect(books.imbalance()).toBe(0n);
  expect([...books.balances().values()].filter((minor) => minor < 0n)).toEqual([]);
  for (const { id, errandId, funded, released, refunded } of escrows.values()) {
    const held = books.heldBy(id);
    const { state } = errands.get(errandId)!;
    expect(funded).toBe(released + refunded + held);
    expect(held > 0n).toBe(funded > 0n && !closed.has(state));
  }
  for (const { id, version, state } of errands.values()) {
    const own = events.filter(({ errandId }) => errandId === id);
    expect(own.map(({ seq }) => seq)).toEqual(own.map((_, index) => index + 1));
    expect(own.at(-1)?.to).toBe(state);
    expect(version).toBe(1 + own.filter(({ from, to }) => from !== null && from !== to).length);
  }
}

describe('any sequence of commands, legal or not', () => {
  it('keeps books, escrows, events and versions sound, and a refused command changes nothing', () => {
    const reached = new Set<string>();
    assert(
      property(array(command, { minLength: 10, maxLength: 60 }), (commands) => {
        const world = createWorld(cast, new Date(startMs), undefined);
        const ids = [0, 1, 2].map((n) => world.post(`walk ${n}`, cast.customers[n]!, input, new Date(startMs)));
        let atMs = startMs;
        for (const one of commands) {
          atMs += one.passMs;
          const charges = world.rows.charges.length;
          const before = snapshot(world);
          const isRefused = !tryOut(() => act(world, ids[one.errand]!, one, new Date(atMs)));
          // A refused funding may have topped the wallet up first, as a caller would.
          const isUntouched = isRefused && world.rows.charges.length === charges;
          expect(isUntouched ? snapshot(world) : before).toEqual(before);
          expectSound(world);
        }
        for (const { state } of world.rows.errands.values()) reached.add(state);
      }),
      { numRuns: 150, seed: 20260302 },
    );
    expect(errandStates.filter((state) => !reached.has(state))).toEqual(['DISPUTED']);
  });
});
