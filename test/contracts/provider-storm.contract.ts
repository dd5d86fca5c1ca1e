import { array, assert, asyncProperty, constantFrom, type Arbitrary } from 'fast-check';
import { expect, it } from 'vitest';
import { magicAccounts, type Fault } from '../../src/modules/providers/index.js';
import {
  chargeOf,
  effectsOf,
  settle,
  settleCharge,
  transferOf,
  withProvider,
  type ProviderFixture,
} from './provider.fixtures.js';

/** More of them in a long run: `RUNAM_PROVIDER_RUNS=2000 npx vitest run test/contracts/provider-`. */
const runs = Number(process.env['RUNAM_PROVIDER_RUNS'] ?? 8);

const anyFault: Arbitrary<Fault> = constantFrom(
  'none',
  'none',
  'dropBefore',
  'dropAfterEffect',
  'failBefore',
  'failAfterEffect',
  'garbage',
  'notFound',
);
const anyAccount = constantFrom('0123456789', magicAccounts.fails, magicAccounts.unresolvable);

export function describeFaultStorm(create: () => ProviderFixture): void {
  it('has moved money exactly once for what it reports as paid, and never for what it reports as failed, whatever goes wrong on the way', async () => {
    await assert(
      asyncProperty(
        array(anyFault, { minLength: 1, maxLength: 30 }),
        array(anyAccount, { minLength: 1, maxLength: 4 }),
        (faults, accounts) => weather(create(), faults, accounts),
      ),
      { numRuns: runs },
    );
  });
}

async function weather(fixture: ProviderFixture, faults: readonly Fault[], accounts: readonly string[]): Promise<void> {
  const plan = ({ method, nth }: { readonly method: string; readonly nth: number }): Fault => {
    const fault = faults[nth - 1] ?? 'none';
    return fault === 'notFound' && method !== 'GET' ? 'dropAfterEffect' : fault;
  };
  await withProvider(fixture, plan, async ({ provider, book }) => {
    const requests = accounts.map((accountNumber) => transferOf({ accountNumber }));
    const charge = chargeOf({});
    const [ended, ...reports] = await Promise.all([
      settleCharge(provider, charge),
      ...requests.map((request) => settle(provider, request)),
    ]);
    for (const [index, report] of reports.entries()) {
      const { clientRef, accountNumber } = requests[index]!;
      expect(report.kind).toBe(accountNumber === '0123456789' ? 'PAID' : 'FAILED');
      expect(effectsOf(book, clientRef)).toBe(report.kind === 'PAID' ? 1 : 0);
    }
    expect(ended).toMatchObject({ kind: 'SUCCEEDED', amount: charge.amount });
    expect(effectsOf(book, charge.reference)).toBe(1);
  });
}
