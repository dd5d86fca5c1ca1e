import { describe, expect, it } from 'vitest';
import {
  magicAccounts,
  notFoundThenFound,
  type FaultPlan,
  type HttpHandler,
} from '../../src/modules/providers/index.js';
import { describeCharges } from './provider-charges.contract.js';
import { describeAnswersThatAreNone } from './provider-silence.contract.js';
import { describeFaultStorm } from './provider-storm.contract.js';
import { describeWebhooks } from './provider-webhooks.contract.js';
import {
  effectsOf,
  expectPaidOnce,
  noFaults,
  onFirstTransfer,
  settle,
  transferOf,
  withProvider,
  type ProviderFixture,
} from './provider.fixtures.js';

/** What every provider keeps. @param create called once per test; its book starts empty */
export function describeProviderContract(name: string, create: () => ProviderFixture): void {
  describe(`${name} as a payment provider`, () => {
    describeTransfers(create);
    describeLostAnswers(create);
    describeAnswersThatAreNone(create);
    describeCharges(create);
    describeBook(create);
    describeWebhooks(create);
    describeFaultStorm(create);
  });
}

function describeTransfers(create: () => ProviderFixture): void {
  it('pays a transfer once, exactly, and says so', () =>
    withProvider(create(), noFaults, async (stage) => {
      for (const currency of stage.transferCurrencies) {
        for (const minor of [1n, 99n, 100n, 101n, 250_075n, 1_234_567_890_123n]) {
          const request = transferOf({ amount: { minor, currency } });
          expect(await settle(stage.provider, request)).toMatchObject({ kind: 'PAID', amount: request.amount });
          expect(effectsOf(stage.book, request.clientRef)).toBe(1);
        }
      }
    }));

  it('moves money once however often and at once a transfer is submitted', () =>
    withProvider(create(), noFaults, async (stage) => {
      const request = transferOf();
      const reports = await Promise.all(Array.from({ length: 6 }, () => stage.provider.sendTransfer(request)));
      expect(reports.filter(({ kind }) => kind === 'FAILED' || kind === 'NOT_FOUND')).toEqual([]);
      expectPaidOnce(stage, request, await settle(stage.provider, request));
    }));

  it('does not pass a reference that was used for another amount off as paid', () =>
    withProvider(create(), noFaults, async ({ provider, book }) => {
      const request = transferOf();
      await settle(provider, request);
      const other = { ...request, amount: { ...request.amount, minor: request.amount.minor + 1n } };
      expect(await provider.sendTransfer(other)).toMatchObject({ kind: 'UNKNOWN' });
      expect(effectsOf(book, request.clientRef)).toBe(1);
    }));

  it('reports a transfer that the bank refused as failed, and moves nothing', () =>
    withProvider(create(), noFaults, async ({ provider, book }) => {
      for (const accountNumber of [magicAccounts.fails, magicAccounts.unresolvable]) {
        const request = transferOf({ accountNumber });
        expect(await settle(provider, request)).toMatchObject({ kind: 'FAILED' });
        expect(effectsOf(book, request.clientRef)).toBe(0);
      }
    }));

  it('tells a transfer that waits, and one that waits for a one-time code, from one that ended', () =>
    withProvider(create(), noFaults, async ({ provider, book, saysOtp }) => {
      const [waits, needsCode] = [magicAccounts.staysPending, magicAccounts.needsOtp].map((accountNumber) =>
        transferOf({ accountNumber }),
      ) as [ReturnType<typeof transferOf>, ReturnType<typeof transferOf>];
      expect(await provider.sendTransfer(waits)).toMatchObject({ kind: 'PENDING' });
      expect(await provider.transferOf(waits.clientRef)).toMatchObject({ kind: 'PENDING' });
      await provider.sendTransfer(needsCode);
      const kind = saysOtp ? 'NEEDS_OTP' : 'PENDING';
      expect(await provider.transferOf(needsCode.clientRef)).toMatchObject({ kind });
      expect(book.items()).toEqual([]);
    }));

  it('reports money that came back as reversed, with what the transfer cost', () =>
    withProvider(create(), noFaults, async ({ provider, book }) => {
      const request = transferOf();
      await settle(provider, request);
      expect(book.reverseTransfer(request.clientRef)).toBe(true);
      const fee = { minor: 1_000n, currency: 'NGN' };
      expect(await provider.transferOf(request.clientRef)).toMatchObject({
        kind: 'REVERSED',
        amount: request.amount,
        fee,
      });
    }));

  it('resolves the holder of an account, and says when the bank knows none', () =>
    withProvider(create(), noFaults, async ({ provider }) => {
      const account = { accountNumber: '0123456789', bankCode: '058', currency: 'NGN' };
      expect(await provider.resolveAccount(account)).toMatchObject({ kind: 'RESOLVED' });
      const unknown = { ...account, accountNumber: magicAccounts.unresolvable };
      expect(await provider.resolveAccount(unknown)).toMatchObject({ kind: 'REFUSED' });
    }));
}

function describeLostAnswers(create: () => ProviderFixture): void {
  it.each(['dropAfterEffect', 'failAfterEffect', 'garbage'] as const)(
    'does not know how a transfer ended when its answer is lost by %s, and finds out by asking',
    async (fault) => {
      const fixture = create();
      await withProvider(fixture, onFirstTransfer(fixture, fault), async (stage) => {
        const request = transferOf();
        expect(await stage.provider.sendTransfer(request)).toMatchObject({ kind: 'UNKNOWN' });
        expectPaidOnce(stage, request, await stage.provider.transferOf(request.clientRef));
        expectPaidOnce(stage, request, await settle(stage.provider, request));
      });
    },
  );

  it.each(['dropBefore', 'failBefore'] as const)(
    'does not take %s for a failure: the transfer is unknown, then not found, and is paid when it is sent again',
    async (fault) => {
      const fixture = create();
      await withProvider(fixture, onFirstTransfer(fixture, fault), async (stage) => {
        const request = transferOf();
        expect(await stage.provider.sendTransfer(request)).toMatchObject({ kind: 'UNKNOWN' });
        expect(await stage.provider.transferOf(request.clientRef)).toEqual({ kind: 'NOT_FOUND' });
        expectPaidOnce(stage, request, await settle(stage.provider, request));
      });
    },
  );

  it('does not know how a transfer ended when no answer comes in time', async () => {
    const fixture = create();
    await withProvider(fixture, onFirstTransfer(fixture, 'slow'), async (stage) => {
      const request = transferOf();
      expect(await stage.hasty.sendTransfer(request)).toMatchObject({ kind: 'UNKNOWN' });
      expectPaidOnce(stage, request, await settle(stage.provider, request));
    });
  });

  it('takes a refusal for what became of this call, not of an earlier one that went through', async () => {
    const fixture = create();
    const lost = onFirstTransfer(fixture, 'dropAfterEffect');
    let isRefusing = false;
    const handle: HttpHandler = (request) =>
      isRefusing && request.method === 'POST' ? fixture.refusal : fixture.handle(request);
    await withProvider({ ...fixture, handle }, lost, async (stage) => {
      const request = transferOf();
      expect(await stage.provider.sendTransfer(request)).toMatchObject({ kind: 'UNKNOWN' });
      isRefusing = true;
      expectPaidOnce(stage, request, await stage.provider.sendTransfer(request));
      expect(await stage.provider.sendTransfer(transferOf())).toMatchObject({ kind: 'FAILED' });
    });
  });

  it('reports no failure for a transfer that is not found and then found', async () => {
    const fixture = create();
    const [lost, hidden] = [onFirstTransfer(fixture, 'dropAfterEffect'), notFoundThenFound(3)];
    const plan: FaultPlan = (request) => (request.method === 'POST' ? lost(request) : hidden(request));
    await withProvider(fixture, plan, async (stage) => {
      const request = transferOf();
      expect(await stage.provider.sendTransfer(request)).toMatchObject({ kind: 'UNKNOWN' });
      expect(await stage.provider.transferOf(request.clientRef)).toEqual({ kind: 'NOT_FOUND' });
      // The provider says the reference was used, and its look-up still does not show it.
      expect(await stage.provider.sendTransfer(request)).toMatchObject({ kind: 'UNKNOWN' });
      expectPaidOnce(stage, request, await settle(stage.provider, request));
    });
  });
}

function describeBook(create: () => ProviderFixture): void {
  it('shows in its book what its reports said, to the last minor unit', () =>
    withProvider(create(), noFaults, async ({ provider, book }) => {
      const said: unknown[] = [];
      for (const minor of [101n, 2_345n, 9_999_999n]) {
        const request = transferOf({ amount: { minor, currency: 'NGN' } });
        const report = await settle(provider, request);
        if (report.kind === 'PAID') said.push([request.clientRef, report.amount, report.fee]);
      }
      const items = await provider.bookOf(new Date('2026-03-01T00:00:00Z'), new Date('2026-03-03T00:00:00Z'));
      expect(items?.map(({ reference, amount, fee }) => [reference, amount, fee])).toEqual(said);
      expect(items).toHaveLength(book.items().length);
      expect(await provider.bookOf(new Date('2026-03-03T00:00:00Z'), new Date('2026-03-04T00:00:00Z'))).toEqual([]);
    }));
}
