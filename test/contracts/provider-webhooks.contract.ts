import { expect, it } from 'vitest';
import type { Webhook } from '../../src/modules/providers/index.js';
import { chargeOf, noFaults, settle, settleCharge, transferOf, withProvider } from './provider.fixtures.js';
import type { ProviderFixture, ProviderStage } from './provider.fixtures.js';

export function describeWebhooks(create: () => ProviderFixture): void {
  it('reads what a webhook is about from its raw body', () =>
    withProvider(create(), noFaults, async (stage) => {
      const request = transferOf();
      await settle(stage.provider, request);
      const charge = chargeOf({});
      await settleCharge(stage.provider, charge);
      expect(stage.webhooks.map((webhook) => read(stage, webhook).about)).toEqual([
        { kind: 'transfer', clientRef: request.clientRef },
        { kind: 'charge', reference: charge.reference },
      ]);
    }));

  it('tells a chargeback with its charge and amount, where the provider tells chargebacks', () =>
    withProvider(create(), noFaults, async (stage) => {
      const charge = chargeOf({});
      await settleCharge(stage.provider, charge);
      expect(stage.book.chargeBack(charge.reference, 12_345n)).toBe(true);
      const told = { kind: 'chargeback', reference: charge.reference, amount: { minor: 12_345n, currency: 'NGN' } };
      const abouts = stage.webhooks.slice(1).map((webhook) => read(stage, webhook).about);
      expect(abouts).toMatchObject(stage.tellsChargebacks ? [told] : []);
    }));

  it('lists what was taken back in its book, by the name that its webhook has', () =>
    withProvider(create(), noFaults, async (stage) => {
      const charge = chargeOf({});
      await settleCharge(stage.provider, charge);
      stage.book.chargeBack(charge.reference, 12_345n);
      const book = await stage.provider.bookOf(new Date('2026-03-01T00:00:00Z'), new Date('2026-03-03T00:00:00Z'));
      const listed = book?.filter(({ kind }) => kind === 'chargeback') ?? [];
      expect(listed).toMatchObject([{ reference: charge.reference, amount: { minor: 12_345n, currency: 'NGN' } }]);
      expect(
        await stage.provider.takenBack(new Date('2026-03-01T00:00:00Z'), new Date('2026-03-03T00:00:00Z')),
      ).toEqual(listed);
      const told = stage.webhooks.slice(1).map((webhook) => read(stage, webhook).eventId);
      const names = listed.map(({ eventId }) => eventId);
      expect(names.every((name) => name !== undefined)).toBe(true);
      expect(stage.tellsChargebacks ? told : names).toEqual(names);
    }));

  it('refuses a tampered body, a wrong secret, a missing signature and one in another encoding', () =>
    withProvider(create(), noFaults, async (stage) => {
      await settle(stage.provider, transferOf());
      const { body } = stage.webhooks[0]!;
      const signature = stage.sign(body);
      const forged = [
        { body: `${body} `, signature },
        { body: body.replace('payout', 'Payout'), signature },
        { body: JSON.stringify(JSON.parse(body), undefined, 1), signature },
        { body, signature: stage.sign(body, 'another secret') },
        { body, signature: undefined },
        { body, signature: '' },
        { body, signature: signature.slice(0, -1) },
        { body, signature: `${signature}=` },
        { body, signature: otherEncoding(signature) },
      ];
      for (const { body: text, signature: given } of forged)
        expect(() => readWith(stage, text, given)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
      expect(readWith(stage, body, signature).about.kind).toBe('transfer');
    }));

  it('says of a signed body that it cannot be read, and lets pass what is nothing of ours', () =>
    withProvider(create(), noFaults, async (stage) => {
      for (const body of ['', 'no json', '[]', '"text"', 'null', '{}', '{"data":{"reference":"x"}}'])
        expect(() => readWith(stage, body, stage.sign(body))).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
      const other = JSON.stringify({ id: 'evt-1', event: 'subscription.create', data: { name: 'Ọlá' } });
      expect(readWith(stage, other, stage.sign(other)).about).toEqual({ kind: 'other', type: 'subscription.create' });
    }));

  it('gives the same event the same id however often it comes, and another event another', () =>
    withProvider(create(), noFaults, async (stage) => {
      for (let times = 0; times < 3; times += 1) await settle(stage.provider, transferOf());
      const ids = stage.webhooks.map((webhook) => read(stage, webhook).eventId);
      expect(new Set(ids).size).toBe(3);
      expect(stage.webhooks.map((webhook) => read(stage, webhook).eventId)).toEqual(ids);
    }));

  it('leads to the same end in whatever order, how often and how late webhooks come', () =>
    withProvider(create(), noFaults, async (stage) => {
      const requests = [transferOf(), transferOf(), transferOf()];
      for (const request of requests) await settle(stage.provider, request);
      stage.book.reverseTransfer(requests[0]!.clientRef);
      const orders = [stage.webhooks, stage.webhooks.toReversed(), [...stage.webhooks, ...stage.webhooks]];
      const ends = [];
      for (const order of orders) ends.push(await endOf(stage, order));
      for (const end of ends) expect(end).toEqual(ends[0]);
      expect([...ends[0]!.values()].toSorted()).toEqual(['PAID', 'PAID', 'REVERSED']);
    }));
}

/** A webhook is a hint to ask: what was asked last is what holds. */
async function endOf(stage: ProviderStage, order: readonly Webhook[]): Promise<ReadonlyMap<string, string>> {
  const end = new Map<string, string>();
  for (const webhook of order) {
    const { about } = read(stage, webhook);
    if (about.kind === 'transfer') end.set(about.clientRef, (await stage.provider.transferOf(about.clientRef)).kind);
  }
  return end;
}

function read({ provider }: ProviderStage, { headers, body }: Webhook) {
  return provider.readWebhook(headers, Buffer.from(body));
}

function readWith({ provider, signatureHeader }: ProviderStage, body: string, signature: string | undefined) {
  return provider.readWebhook({ [signatureHeader]: signature }, Buffer.from(body));
}

function otherEncoding(signature: string): string {
  const isHex = /^[\da-f]+$/.test(signature);
  return isHex ? Buffer.from(signature, 'hex').toString('base64') : Buffer.from(signature, 'base64').toString('hex');
}
