import { expect, it } from 'vitest';
import { magicEmails, type FaultPlan } from '../../src/modules/providers/index.js';
import {
  chargeOf,
  effectsOf,
  noFaults,
  settleCharge,
  withProvider,
  type ProviderFixture,
} from './provider.fixtures.js';

export function describeCharges(create: () => ProviderFixture): void {
  it('charges once, exactly, and says so', () =>
    withProvider(create(), noFaults, async ({ provider, book, chargeCurrencies }) => {
      for (const currency of chargeCurrencies) {
        for (const minor of [1n, 99n, 100n, 101n, 500_025n, 1_234_567_890_123n]) {
          const request = chargeOf({ minor, currency });
          const report = await settleCharge(provider, request);
          expect(report).toMatchObject({ kind: 'SUCCEEDED', amount: request.amount });
          expect(await settleCharge(provider, request)).toEqual(report);
          expect(effectsOf(book, request.reference)).toBe(1);
        }
      }
    }));

  it.each(['dropAfterEffect', 'failAfterEffect', 'garbage', 'dropBefore', 'failBefore'] as const)(
    'charges once when the answers to the first requests are lost by %s',
    async (fault) => {
      const plan: FaultPlan = ({ nth }) => (nth <= 2 ? fault : 'none');
      await withProvider(create(), plan, async ({ provider, book }) => {
        const request = chargeOf({});
        expect(await provider.initiateCharge(request)).toMatchObject({ kind: 'UNKNOWN' });
        expect(await settleCharge(provider, request)).toMatchObject({ kind: 'SUCCEEDED', amount: request.amount });
        expect(effectsOf(book, request.reference)).toBe(1);
      });
    },
  );

  it('reports a declined charge as failed, one that waits as pending, and what arrived as it arrived', () =>
    withProvider(create(), noFaults, async ({ provider }) => {
      const [declined, waits, half] = [magicEmails.declined, magicEmails.staysPending, magicEmails.halfArrives].map(
        (name) => chargeOf({ email: `${name}@runam.test` }),
      ) as [ReturnType<typeof chargeOf>, ReturnType<typeof chargeOf>, ReturnType<typeof chargeOf>];
      expect(await settleCharge(provider, declined)).toMatchObject({ kind: 'FAILED' });
      expect(await provider.initiateCharge(waits)).toMatchObject({ kind: 'PENDING' });
      expect(await provider.chargeOf(waits.reference)).toMatchObject({ kind: 'PENDING' });
      const arrived = { minor: half.amount.minor / 2n, currency: 'NGN' };
      expect(await settleCharge(provider, half)).toMatchObject({ kind: 'SUCCEEDED', amount: arrived });
    }));

  it('reports a charge that came and went as reversed, where the provider says so, and never as failed', () =>
    withProvider(create(), noFaults, async ({ provider, book, saysReversed }) => {
      const request = chargeOf({});
      await settleCharge(provider, request);
      expect(book.reverseCharge(request.reference)).toBe(true);
      const kind = saysReversed ? 'REVERSED' : 'SUCCEEDED';
      expect(await provider.chargeOf(request.reference)).toMatchObject({ kind, amount: request.amount });
    }));

  it('does not know a charge that was never asked for', () =>
    withProvider(create(), noFaults, async ({ provider }) => {
      expect(await provider.chargeOf('never')).toEqual({ kind: 'NOT_FOUND' });
      expect(await provider.transferOf('never-was-asked-for')).toEqual({ kind: 'NOT_FOUND' });
    }));
}
