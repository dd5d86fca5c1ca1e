import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/db/index.js';
import { AppError, type Logger } from '../../src/kernel/index.js';
import { createWalletService, type WalletService } from '../../src/modules/payments/index.js';
import type { ChargeReport, ChargeRequest } from '../../src/modules/providers/index.js';
import { scriptedProvider, succeeded } from '../support/scripted-provider.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.close());

/** A wallet whose provider answers as the script says, one answer a call, and counts its calls. */
function walletWith(script: readonly Answer[]): { wallets: WalletService; calls: () => number } {
  let calls = 0;
  const initiateCharge = (request: ChargeRequest): ChargeReport => {
    const answer = script[calls]!;
    calls += 1;
    return answer(request);
  };
  const { db, clock } = market;
  const provider = scriptedProvider({ initiateCharge });
  return { wallets: createWalletService({ db, clock, provider }), calls: () => calls };
}

type Answer = (request: ChargeRequest) => ChargeReport;
const lose: Answer = () => ({ kind: 'UNKNOWN', reason: 'socket hang up' });
const decline: Answer = () => ({ kind: 'FAILED', reason: 'card expired' });
const unknownOutcome = (reference: unknown, retryable: boolean) => ({
  code: 'UNAVAILABLE',
  retryable,
  message: `It is not known yet how the payment ended. Repeat it with the reference ${reference}: it is charged once.`,
});
const topUp = { amountMinor: 4_200n, currency: 'NGN', reference: 'once' };

it('finishes a top-up whose provider answer was lost when it is asked for again, and charges no third time', async () => {
  const saver = await market.addPerson(market.tenantId, 'CUSTOMER');
  const { wallets, calls } = walletWith([lose, succeeded]);
  await expect(wallets.topUp(saver, topUp)).rejects.toMatchObject(unknownOutcome('once', true));
  expect((await wallets.wallet(saver)).minor).toBe(0n);
  expect(await wallets.topUp(saver, topUp)).toMatchObject({
    isReplay: false,
    charge: { state: 'SUCCEEDED' },
    wallet: { minor: 4_200n },
  });
  expect(await wallets.topUp(saver, topUp)).toMatchObject({ isReplay: true, wallet: { minor: 4_200n } });
  expect(calls()).toBe(2);
});

it('names a reference to whoever gave none, so that repeating a lost payment does not pay twice', async () => {
  const saver = await market.addPerson(market.tenantId, 'CUSTOMER');
  const references: string[] = [];
  const initiateCharge: Answer = (request) => {
    references.push(request.reference);
    return references.length === 1 ? lose(request) : succeeded(request);
  };
  const { db, clock } = market;
  const wallets = createWalletService({ db, clock, provider: scriptedProvider({ initiateCharge }) });
  const { reference: _, ...bare } = topUp;
  const failure: unknown = await wallets.topUp(saver, bare).catch((error: unknown) => error);
  const reference = /with the reference (\S+):/.exec((failure as Error).message)?.[1];
  expect(failure).toMatchObject(unknownOutcome(reference, false));
  const again = await wallets.topUp(saver, { ...bare, reference: reference! });
  expect(again).toMatchObject({ isReplay: false, wallet: { minor: 4_200n } });
  expect(new Set(references)).toEqual(new Set([again.charge.providerRef]));
  expect(await db.read.charge.count({ where: { userId: saver.userId } })).toBe(1);
});

it('names the reference too when the database goes away once the provider was paid, and logs what happened', async () => {
  const saver = await market.addPerson(market.tenantId, 'CUSTOMER');
  const faults: object[] = [];
  const logger: Logger = { debug() {}, info() {}, warn() {}, error: (fields) => void faults.push(fields) };
  let writes = 0;
  const gone = new AppError('UNAVAILABLE', 'The database cannot be reached.', { retryable: true });
  const write: Db['write'] = async (work) => {
    writes += 1;
    if (writes === 2) throw gone;
    return market.db.write(work);
  };
  const provider = scriptedProvider({ initiateCharge: succeeded });
  const wallets = createWalletService({ db: { read: market.db.read, write }, clock: market.clock, provider, logger });
  await expect(wallets.topUp(saver, topUp)).rejects.toMatchObject(unknownOutcome('once', true));
  expect(faults).toMatchObject([{ err: gone }]);
  expect(await wallets.topUp(saver, topUp)).toMatchObject({ isReplay: false, wallet: { minor: 4_200n } });
});

describe('two payments at once with one reference', () => {
  /** Both are asked before either is answered; then they are answered one after the other. */
  async function together(first: Answer, second: Answer) {
    const saver = await market.addPerson(market.tenantId, 'CUSTOMER');
    const [bothAsked, allAsked] = latch();
    const [firstDone, release] = latch();
    let calls = 0;
    const initiateCharge = async (request: ChargeRequest): Promise<ChargeReport> => {
      calls += 1;
      const isFirst = calls === 1;
      if (calls === 2) allAsked();
      await bothAsked;
      if (!isFirst) await firstDone;
      return isFirst ? first(request) : second(request);
    };
    const { db, clock } = market;
    const wallets = createWalletService({ db, clock, provider: scriptedProvider({ initiateCharge }) });
    const call = () =>
      wallets
        .topUp(saver, topUp)
        .then(
          ({ isReplay, charge: { state } }) => `${state} ${isReplay ? 'replay' : 'new'}`,
          (error: Error) => error.message,
        )
        .finally(release);
    const answers = await Promise.all([call(), call()]);
    return { answers: answers.toSorted(), minor: (await wallets.wallet(saver)).minor };
  }

  it('are told of one new payment and one replay when both succeed', async () => {
    const told = { answers: ['SUCCEEDED new', 'SUCCEEDED replay'], minor: 4_200n };
    expect(await together(succeeded, succeeded)).toEqual(told);
  });

  it('are both told of the money in the wallet when the second answer is a decline', async () => {
    const told = { answers: ['SUCCEEDED new', 'SUCCEEDED replay'], minor: 4_200n };
    expect(await together(succeeded, decline)).toEqual(told);
  });

  it('bring the money when the first answer is a decline and the second is not', async () => {
    const told = { answers: ['SUCCEEDED new', 'The payment was declined: card expired'], minor: 4_200n };
    expect(await together(decline, succeeded)).toEqual(told);
  });
});

function latch(): [Promise<void>, () => void] {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [opened, open];
}

it('moves no money for a declined charge, and lets the same reference try again', async () => {
  const saver = await market.addPerson(market.tenantId, 'CUSTOMER');
  const { wallets } = walletWith([decline, succeeded]);
  await expect(wallets.topUp(saver, topUp)).rejects.toThrow('The payment was declined: card expired');
  expect((await wallets.wallet(saver)).minor).toBe(0n);
  expect((await wallets.topUp(saver, topUp)).wallet.minor).toBe(4_200n);
  expect((await market.ledger.health(market.tenantId)).ok).toBe(true);
});

it('takes no money where no payment provider is set up, writes nothing, and still shows what a wallet holds', async () => {
  const { db, clock, customer, addPerson, tenantId } = market;
  const wallets = createWalletService({ db, clock, provider: undefined });
  const saver = await addPerson(tenantId, 'CUSTOMER');
  const charges = await db.read.charge.count();
  await expect(wallets.topUp(saver, topUp)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'No payment provider is set up on this server.',
  });
  await expect(wallets.topUp(customer, { ...topUp, amountMinor: -1n })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(await db.read.charge.count()).toBe(charges);
  expect((await wallets.wallet(saver)).minor).toBe(0n);
});
