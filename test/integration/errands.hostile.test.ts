import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError, encodeCursor, uuidv7 } from '../../src/kernel/index.js';
import {
  errandStates,
  type Errand,
  type ErrandFilter,
  type ErrandOrder,
  type ErrandPatch,
  type NewOffer,
  type ProofInput,
} from '../../src/modules/errands/index.js';
import { each, hostile } from '../support/hostile.js';
import { hourMs, minuteMs, newErrand, proof, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let open: Errand;
let started: Errand;
beforeAll(async () => {
  market = await startMarket();
  open = await market.tell.open();
  started = (await market.tell.started()).errand;
});
afterAll(() => market.close());

/** The fields a call is refused for as the caller's fault, after which nothing is written. */
async function faultsOf(call: () => Promise<unknown>): Promise<unknown> {
  const rows = () =>
    Promise.all([
      market.db.read.errand.count(),
      market.db.read.offer.count(),
      market.db.read.proof.count(),
      market.db.read.processEvent.count(),
    ]);
  const before = await rows();
  const outcome = await call().catch((error: unknown) => error);
  expect(await rows()).toEqual(before);
  return outcome instanceof AppError && outcome.code === 'BAD_INPUT' ? outcome.fields.map(({ path }) => path) : outcome;
}

const money = (minor: bigint) => ({ minor, currency: 'NGN' });
const inputs: readonly (readonly [string, string, ErrandPatch])[] = [
  ...each(hostile.texts).flatMap(([what, text]) =>
    (['title', 'description', 'area', 'pickupAddress', 'dropoffAddress'] as const).map(
      (name) => [`input.${name}`, what, { [name]: text }] as const,
    ),
  ),
  ...each(hostile.amounts).flatMap(([what, minor]) =>
    (['budget', 'goodsBudget'] as const).map(
      (name) => [`input.${name}.minor`, what, { [name]: money(minor) }] as const,
    ),
  ),
  ...each(hostile.times).flatMap(([what, at]) =>
    (['startBy', 'deliverBy', 'expiresAt'] as const).map((name) => [`input.${name}`, what, { [name]: at }] as const),
  ),
  ...each(hostile.degrees).flatMap(([what, degrees]) => [
    ['input.pickupPoint.lat', what, { pickupPoint: { lat: degrees, lng: 3 } }] as const,
    ['input.dropoffPoint.lng', what, { dropoffPoint: { lat: 6, lng: degrees } }] as const,
  ]),
];

describe('an errand', () => {
  it.each(inputs)('is neither written nor changed with %s being %s', async (path, _, patch) => {
    const { errands, customer } = market;
    expect(await faultsOf(() => errands.post(customer, newErrand(patch as object)))).toEqual([path]);
    expect(await faultsOf(() => errands.update(customer, open.id, patch))).toEqual([path]);
    expect(await errands.get(customer, open.id)).toEqual(open);
  });

  it('is scheduled up to a year ahead and not a millisecond further', async () => {
    const { errands, customer, clock } = market;
    const inMs = (ms: number) => ({ startBy: new Date(clock.now().getTime() + ms) });
    const yearMs = 365 * 24 * hourMs;
    expect(await errands.post(customer, newErrand(inMs(yearMs)))).toMatchObject(inMs(yearMs));
    expect(await faultsOf(() => errands.post(customer, newErrand(inMs(yearMs + 1))))).toEqual(['input.startBy']);
  });
});

const offerInputs: readonly (readonly [string, string, Partial<NewOffer>])[] = [
  ...each(hostile.texts).map(([what, message]) => ['input.message', what, { message }] as const),
  ...each(hostile.amounts).map(([what, amountMinor]) => ['input.amountMinor', what, { amountMinor }] as const),
  ...each(hostile.times).map(([what, expiresAt]) => ['input.expiresAt', what, { expiresAt }] as const),
];

it.each(offerInputs)('no offer is made with %s being %s', async (path, _, input) => {
  expect(await faultsOf(() => market.offers.make(market.rival, open.id, { amountMinor: 5n, ...input }))).toEqual([
    path,
  ]);
});

const proofInputs: readonly (readonly [string, string, Partial<ProofInput>])[] = [
  ...each(hostile.texts).map(([what, note]) => ['proofs.0.note', what, { note }] as const),
  ...each(hostile.texts).map(([what, mediaKey]) => ['proofs.0.mediaKey', what, { mediaKey }] as const),
  ...each(hostile.times).map(([what, takenAt]) => ['proofs.0.takenAt', what, { takenAt }] as const),
];

describe('a proof', () => {
  it.each(proofInputs)('is not taken with %s being %s', async (path, _, input) => {
    expect(
      await faultsOf(() => market.errands.submitProof(market.runner, started.id, [{ ...proof, ...input }])),
    ).toEqual([path]);
  });

  it('is from the day before the errand was written down, or later, up to five minutes ahead of now', async () => {
    const { tell, errands, runner, clock } = market;
    const { errand } = await tell.started();
    clock.forward(hourMs);
    const submit = (...takenAts: number[]) =>
      errands.submitProof(
        runner,
        errand.id,
        takenAts.map((ms) => ({ ...proof, takenAt: new Date(ms) })),
      );
    const earliest = errand.createdAt.getTime() - 24 * hourMs;
    const latest = clock.now().getTime() + 5 * minuteMs;
    expect(await faultsOf(() => submit(earliest - 1))).toEqual(['proofs.0.takenAt']);
    expect(await faultsOf(() => submit(latest + 1))).toEqual(['proofs.0.takenAt']);
    expect((await submit(earliest, latest)).state).toBe('DELIVERED');
  });
});

const filters: readonly (readonly [string, string, ErrandFilter])[] = [
  ...each(hostile.texts).map(([what, text]) => ['filter.text', what, { text }] as const),
  ...each(hostile.texts).map(([what, area]) => ['filter.area', what, { area }] as const),
  ...each({ 'one letter': 'x', 'only spaces': '   ', 'too long': 'x'.repeat(81), huge: 'x'.repeat(1_000_000) }).map(
    ([what, area]) => ['filter.area', what, { area }] as const,
  ),
  ...each(hostile.amounts).map(([what, budgetMin]) => ['filter.budgetMin', what, { budgetMin }] as const),
  ...each(hostile.amounts).map(([what, budgetMax]) => ['filter.budgetMax', what, { budgetMax }] as const),
  ['filter.states', 'unknown', { states: ['OPEN', 'LOST' as 'OPEN'] }],
  ['filter.categories', 'unknown', { categories: ['JUGGLING' as 'OTHER'] }],
];

describe('the market list', () => {
  it.each(filters)('is not searched with %s being %s', async (path, _, filter) => {
    expect(await faultsOf(() => market.errands.list(market.customer, { filter }))).toEqual([path]);
  });

  it('is the same for a name said once and a hundred thousand times, and for an area that is empty or not given', async () => {
    const { errands, customer } = market;
    const ids = async (filter: ErrandFilter) => (await errands.list(customer, { filter })).rows.map(({ id }) => id);
    const often = <N>(...names: N[]): N[] =>
      Array.from({ length: 100_000 }, (_, index) => names[index % names.length]!);
    const once = await ids({ states: ['OPEN', 'IN_PROGRESS'], categories: ['DELIVERY'] });
    expect(once).toContain(open.id);
    expect(await ids({ states: often('OPEN', 'IN_PROGRESS'), categories: often('DELIVERY'), area: '' })).toEqual(once);
    const mine = await errands.listMine(customer, { states: often(...errandStates), first: 100 });
    expect(mine).toEqual(await errands.listMine(customer, { first: 100 }));
  });
});

const forgedTimes = [
  ...each(hostile.times).map(([, at]) => (Number.isNaN(at.getTime()) ? 'Invalid Date' : at.toISOString())),
  '2026-03-02',
  '2026-03-02T09:00:00.000+01:00',
  '2026-02-30T09:00:00.000Z',
  '1772442000000',
  "2026-03-02T09:00:00.000Z' OR true --",
  '\0',
];

describe('a forged cursor', () => {
  const orders: readonly ErrandOrder[] = ['CREATED_DESC', 'CREATED_ASC', 'DELIVER_BY_ASC'];

  it.each(forgedTimes)('with the time %j is refused by every list', async (value) => {
    const { errands, escrows, customer } = market;
    const after = (order: string) => encodeCursor({ order, value, id: uuidv7() });
    for (const orderBy of orders) {
      expect(await faultsOf(() => errands.list(customer, { orderBy, after: after(orderBy) }))).toEqual(['after']);
    }
    expect(await faultsOf(() => errands.listMine(customer, { after: after('CREATED_DESC') }))).toEqual(['after']);
    expect(await faultsOf(() => escrows.list(customer, { after: after('CREATED_DESC') }))).toEqual(['after']);
  });

  it.each(['', '-1', '1.5', '1e3', '9'.repeat(19), '0x10'])('with the budget %j is refused', async (value) => {
    const orderBy = 'BUDGET_ASC';
    const after = encodeCursor({ order: orderBy, value, id: uuidv7() });
    expect(await faultsOf(() => market.errands.list(market.customer, { orderBy, after }))).toEqual(['after']);
  });

  it('with the first and the last time that cursors can hold is answered', async () => {
    const { errands, customer } = market;
    const page = (value: string) => {
      const after = encodeCursor({ order: 'CREATED_DESC', value, id: uuidv7() });
      return errands.list(customer, { orderBy: 'CREATED_DESC', after });
    };
    expect((await page('0001-01-01T00:00:00.000Z')).rows).toEqual([]);
    expect((await page('9999-12-31T23:59:59.999Z')).rows).toContainEqual(open);
  });
});
