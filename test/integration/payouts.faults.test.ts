import {
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
  type Arbitrary,
} from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Payout, PayoutState, PayoutWorker } from '../../src/modules/payouts/index.js';
import {
  createLossyFront,
  createSandboxProvider,
  magicAccounts,
  type Fault,
  type PaymentProvider,
  type TransferReport,
} from '../../src/modules/providers/index.js';
import type { Money, UserViewer } from '../../src/kernel/index.js';
import { reversalWatchMs } from '../../src/modules/payouts/payout.outcome.js';
import { anotherProcess, ordinaryAccount, startPayoutMarket, type PayoutMarket } from '../support/payouts.js';

/** For a long look: RUNAM_PAYOUT_FAULTS=200 npx vitest run test/integration/payouts.faults.test.ts */
const schedules = Number(process.env['RUNAM_PAYOUT_FAULTS'] ?? 4);

let market: PayoutMarket;
beforeAll(async () => void (market = await startPayoutMarket()));
afterAll(() => market.close());

/** The provider behind a bad line: each request takes the next fault of the list, and none when the list is over. */
async function behind(faults: readonly Fault[]): Promise<{ provider: PaymentProvider; close(): Promise<void> }> {
  const { sandbox } = market;
  const left = [...faults];
  const notFound = () => ({ status: 404, body: { error: 'not_found' } });
  const front = await createLossyFront({ handle: sandbox.handle, plan: () => left.shift() ?? 'none', notFound });
  const { key: secretKey, webhookSecret } = sandbox;
  // The clock of the market leaps: an answer that is only late on a busy machine would be one that never comes.
  const provider = createSandboxProvider({ baseUrl: front.url, secretKey, webhookSecret, timeoutMs: 750 });
  return { provider, close: () => front.close() };
}

/** What I11 says of one payout that has ended. */
async function assertOneEffect(payout: Payout, had: bigint, held: bigint): Promise<void> {
  const { effectsOf } = market;
  const kinds = effectsOf(payout).map(({ kind }) => kind);
  const cost = payout.amount + payout.fee;
  const ends: Partial<Record<PayoutState, readonly [effects: readonly string[], spent: bigint]>> = {
    PAID: [['transfer'], cost],
    REVERSED: [['transfer', 'reversal'], payout.fee],
    FAILED: [[], 0n],
  };
  expect(Object.keys(ends)).toContain(payout.state);
  const [effects, spent] = ends[payout.state]!;
  expect(kinds).toEqual(effects);
  expect(had - held).toBe(spent);
}

describe('a provider that lies and a line that breaks', () => {
  it.each<readonly [string, readonly Fault[], PayoutState]>([
    ['the answer gets lost', ['dropAfterEffect'], 'UNKNOWN'],
    ['it says 503 and has paid', ['failAfterEffect'], 'UNKNOWN'],
    ['its answer cannot be read', ['garbage'], 'UNKNOWN'],
    ['no answer comes in time', ['slow'], 'UNKNOWN'],
    ['it never heard of it', ['dropBefore'], 'UNKNOWN'],
    ['it says "not found" of what it has paid', ['dropAfterEffect', 'notFound', 'notFound'], 'UNKNOWN'],
  ])('pay once when %s, and until that is known the money stays in transit', async (_, faults, meanwhile) => {
    const { payee, request, wallet, payouts, workerWith, settle } = market;
    const line = await behind(faults);
    const { viewer, account } = await payee();
    const { id } = await request(viewer, account.id, 40_000n);
    const worker = workerWith(line.provider);
    await worker.work();
    expect(await payouts.get(viewer, id)).toMatchObject({ state: meanwhile, lastError: expect.any(String) });
    expect(await wallet(viewer)).toBe(57_500n);
    await settle(worker);
    const settled = await payouts.get(viewer, id);
    expect(settled.state).toBe('PAID');
    await assertOneEffect(settled, 100_000n, await wallet(viewer));
    await market.assertSound();
    await line.close();
  });

  it('hand nothing over again before "not found" is final, and then by the same reference', async () => {
    const { payee, request, payouts, workerWith, clock, provider, effectsOf } = market;
    const line = await behind(['dropBefore']);
    const { viewer, account } = await payee();
    const asked = await request(viewer, account.id, 40_000n);
    const worker = workerWith(line.provider);
    await worker.work();
    const last = async () => payouts.get(viewer, asked.id);
    const finalAt = (await last()).submittedAt!.getTime() + 120_000 + provider.notFoundHorizonMs;
    while (clock.now().getTime() < finalAt) {
      expect(await last()).toMatchObject({ state: 'UNKNOWN', attempt: 1 });
      clock.forward(Math.min(20_000, finalAt - clock.now().getTime()));
      if (clock.now().getTime() < finalAt) await worker.work();
    }
    expect(effectsOf(asked)).toEqual([]);
    clock.forward(600_000);
    await worker.work();
    expect((await last()).state).toBe('QUEUED');
    await worker.work();
    expect(await last()).toMatchObject({ state: 'PAID', attempt: 2, clientRef: asked.clientRef });
    expect(effectsOf(asked)).toHaveLength(1);
    await line.close();
  });
});

describe('a provider that says what cannot be kept', () => {
  const odd = `no \0 such account ${'\u{1F4B8}'.repeat(400)}`;
  const pay = async (report: (payout: Payout) => TransferReport, does?: PaymentProvider['sendTransfer']) => {
    const { payee, request, payouts, workerWith, provider, wallet } = market;
    const { viewer, account: to } = await payee();
    const asked = await request(viewer, to.id, 40_000n);
    const says = async (): Promise<TransferReport> => report(asked);
    const sendTransfer: PaymentProvider['sendTransfer'] = async (sent) => {
      await does?.(sent);
      return says();
    };
    await workerWith({ ...provider, sendTransfer, transferOf: says }).work();
    return { payout: await payouts.get(viewer, asked.id), held: await wallet(viewer) };
  };

  it('gives the money back all the same when it refuses in words that are no text', async () => {
    const { payout, held } = await pay(() => ({ kind: 'FAILED', reason: odd }));
    expect(payout).toMatchObject({ state: 'FAILED', lastError: expect.stringMatching(/^no {2}such account/) });
    expect(payout.lastError!.length).toBeLessThanOrEqual(500);
    expect(held).toBe(100_000n);
    await market.assertSound();
  });

  it('has paid all the same when its own name for it is no text', async () => {
    const { payout } = await pay(({ amount }) => ({
      kind: 'PAID',
      amount: { minor: amount, currency: 'NGN' },
      fee: { minor: 0n, currency: 'NGN' },
      providerRef: odd,
    }));
    expect(payout.state).toBe('PAID');
    await market.assertSound();
  });

  it.each<readonly [string, Money]>([
    ['of another currency', { minor: 1_000n, currency: 'KES' }],
    ['below nothing', { minor: -1_000n, currency: 'NGN' }],
  ])('is not believed that it has paid for a fee %s: nothing moves, and it is asked again', async (_, fee) => {
    const told = ({ amount }: Payout): TransferReport => ({
      kind: 'PAID',
      amount: { minor: amount, currency: 'NGN' },
      fee,
      providerRef: 'theirs',
    });
    const { payout, held } = await pay(told, market.provider.sendTransfer);
    expect(payout).toMatchObject({ state: 'UNKNOWN', providerFee: null });
    expect(held).toBe(57_500n);
    await market.assertSound();
    // It comes to its senses, so that what follows finds nothing under way.
    await market.settle(market.worker);
    expect((await market.payouts.get(market.finance, payout.id)).state).toBe('PAID');
  });
});

const fault: Arbitrary<Fault> = constantFrom(
  'none',
  'dropBefore',
  'dropAfterEffect',
  'failBefore',
  'failAfterEffect',
  'garbage',
  'slow',
  'notFound',
);
const account = constantFrom('ordinary', magicAccounts.fails, magicAccounts.paidLater, magicAccounts.reversedLater);

/** One step of a schedule: somebody works, time passes, the provider hints, or a process dies where it stands. */
const step = oneof(
  { weight: 4, arbitrary: constant({ kind: 'work' } as const) },
  { weight: 3, arbitrary: record({ kind: constant('wait' as const), ms: integer({ min: 0, max: 400_000 }) }) },
  { weight: 1, arbitrary: constant({ kind: 'hint' } as const) },
  { weight: 2, arbitrary: record({ kind: constant('die' as const), where: constantFrom('before', 'after') }) },
);

describe('any schedule of faults, deaths and hints (I11)', () => {
  it(
    'ends with one effect for what is PAID, none for what FAILED, and nothing paid and given back',
    { timeout: 1_000_000 },
    async () => {
      const schedule = asyncProperty(
        array(fault, { maxLength: 12 }),
        array(account, { minLength: 1, maxLength: 3 }),
        array(step, { maxLength: 12 }),
        play,
      );
      const how = { numRuns: schedules, examples: known, endOnFailure: schedules <= 4 };
      await expect(assert(schedule, how)).resolves.toBeUndefined();
    },
  );
});

/** What has gone wrong before: the line is bad still when the money comes back. */
const known: [Fault[], string[], Step[]][] = [[['none', 'garbage', 'slow'], [magicAccounts.reversedLater], []]];

type Step = typeof step extends Arbitrary<infer One> ? One : never;

async function play(faults: readonly Fault[], numbers: readonly string[], steps: readonly Step[]): Promise<void> {
  const { payouts, payee, request, wallet, workerWith, settle, clock, finance } = market;
  const line = await behind(faults);
  const worker = workerWith(line.provider);
  const asked: { payout: Payout; viewer: UserViewer }[] = [];
  for (const number of numbers) {
    const { viewer, account: to } = await payee(100_000n, number === 'ordinary' ? ordinaryAccount() : number);
    const payout = await request(viewer, to.id, 40_000n);
    asked.push({ payout, viewer });
    // An account that somebody else has too waits for FINANCE.
    if (payout.state === 'REQUESTED') await payouts.approve(finance, payout.id);
  }
  for (const one of steps) {
    if (one.kind === 'work') await worker.work();
    else if (one.kind === 'wait') clock.forward(one.ms);
    else if (one.kind === 'hint') await payouts.noticed(asked[0]!.payout.clientRef);
    else await dieAt(one.where, line.provider);
  }
  await settle(worker);
  await watchToTheEnd(worker);
  for (const { payout, viewer } of asked)
    await assertOneEffect(await payouts.get(viewer, payout.id), 100_000n, await wallet(viewer));
  await market.assertSound();
  await line.close();
}

/** What is to come back has come back by then; a look that the line spoils is followed by another the day after. */
async function watchToTheEnd(worker: PayoutWorker): Promise<void> {
  const { clock, db } = market;
  for (let look = 0; look < 30; look += 1) {
    clock.forward(reversalWatchMs);
    await worker.work(50);
    if ((await db.read.payout.count({ where: { nextCheckAt: { not: null } } })) === 0) return;
  }
  throw new Error('there are payouts that are watched for ever');
}

/** A process of its own takes what is due in hand and dies before, or after, the provider was spoken to. */
async function dieAt(where: string, provider: PaymentProvider): Promise<void> {
  const process_ = anotherProcess(market);
  let died: () => void = () => undefined;
  const death = new Promise<void>((resolve) => (died = resolve));
  const never = new Promise<never>(() => undefined);
  const doomed = <Request, Report>(call: (request: Request) => Promise<Report>) => {
    return async (request: Request): Promise<Report> => {
      if (where === 'after') await call(request);
      died();
      return never;
    };
  };
  const dying: PaymentProvider = {
    ...provider,
    sendTransfer: doomed(provider.sendTransfer),
    transferOf: doomed(provider.transferOf),
  };
  const worker: PayoutWorker = market.workerWith(dying, process_);
  await Promise.race([worker.work(1), death]);
  await process_.close();
}
