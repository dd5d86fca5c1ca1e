import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWalletService, type ChargeOutcome, type WalletService } from '../../src/modules/escrows/index.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.close());

/** A wallet whose provider answers as the script says, one answer a call, and counts its calls. */
function walletWith(script: readonly (() => ChargeOutcome)[]): { wallets: WalletService; calls: () => number } {
  let calls = 0;
  const charge = async (): Promise<ChargeOutcome> => {
    const answer = script[calls]!;
    calls += 1;
    return answer();
  };
  const { db, clock } = market;
  return { wallets: createWalletService({ db, clock, provider: { name: 'scripted', charge } }), calls: () => calls };
}

const succeed = (): ChargeOutcome => ({ kind: 'SUCCEEDED' });
const topUp = { amountMinor: 4_200n, currency: 'NGN', reference: 'once' };

it('finishes a top-up whose provider answer was lost when it is asked for again, and charges no third time', async () => {
  const saver = await market.addPerson(market.tenantId, 'CUSTOMER');
  const lose = (): ChargeOutcome => {
    throw new Error('socket hang up');
  };
  const { wallets, calls } = walletWith([lose, succeed]);
  await expect(wallets.topUp(saver, topUp)).rejects.toThrow('socket hang up');
  expect((await wallets.wallet(saver)).minor).toBe(0n);
  expect(await wallets.topUp(saver, topUp)).toMatchObject({
    isReplay: false,
    charge: { state: 'SUCCEEDED' },
    wallet: { minor: 4_200n },
  });
  expect(await wallets.topUp(saver, topUp)).toMatchObject({ isReplay: true, wallet: { minor: 4_200n } });
  expect(calls()).toBe(2);
});

it('moves no money for a declined charge, and lets the same reference try again', async () => {
  const saver = await market.addPerson(market.tenantId, 'CUSTOMER');
  const decline = (): ChargeOutcome => ({ kind: 'FAILED', reason: 'card expired' });
  const { wallets } = walletWith([decline, succeed]);
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
