import { expect, it } from 'vitest';
import type { HttpReply, PaymentProvider } from '../../src/modules/providers/index.js';
import { noFaults, transferOf, withProvider, type ProviderFixture } from './provider.fixtures.js';

const saysNothing: readonly HttpReply[] = [
  ...[301, 401, 403, 408, 425, 429, 500, 502, 503, 504].map((status) => ({
    status,
    body: { status: false, message: 'no', error: 'no' },
  })),
  { status: 200, body: '<html>welcome</html>' },
  { status: 200, body: '' },
  { status: 200, body: 'null' },
  { status: 200, body: { status: true, data: { status: 'no such status' } } },
  { status: 200, body: { status: 'success', data: [{ status: 'SUCCESSFUL' }] } },
  { status: 400, body: 'Bad Request' },
  { status: 418, body: { status: false, message: 'a teapot' } },
];

export function describeAnswersThatAreNone(create: () => ProviderFixture): void {
  it.each(saysNothing)('knows nothing from a $status that answers with $body', async (reply) => {
    const fixture = { ...create(), handle: () => reply };
    await withProvider(fixture, noFaults, async ({ provider, secrets }) => {
      const request = transferOf();
      for (const report of await everyQuestion(provider, request)) {
        expect(reply.status === 200 ? ['UNKNOWN', 'NOT_FOUND'] : ['UNKNOWN']).toContain(report.kind);
        for (const secret of [...secrets, request.accountNumber]) expect(JSON.stringify(report)).not.toContain(secret);
      }
      expect(await provider.bookOf(new Date(0), new Date(1))).toBeUndefined();
    });
  });
}

function everyQuestion(provider: PaymentProvider, request: ReturnType<typeof transferOf>) {
  const { clientRef, amount } = request;
  return Promise.all([
    provider.sendTransfer(request),
    provider.transferOf(clientRef),
    provider.initiateCharge({ reference: clientRef, amount, email: 'ada@runam.test' }),
    provider.chargeOf(clientRef),
    provider.resolveAccount(request),
  ]);
}
