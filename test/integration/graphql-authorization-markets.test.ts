import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AcceptOfferDocument,
  CancelErrandDocument,
  ConfirmDeliveryDocument,
  ErrandDocument,
  ErrandsDocument,
  EscrowDocument,
  FundEscrowDocument,
  MakeOfferDocument,
  MyErrandsDocument,
  MyEscrowsDocument,
  OffersDocument,
  PublishErrandDocument,
  StartErrandDocument,
  SubmitProofDocument,
  UpdateErrandDocument,
  UserPrivateDocument,
  WithdrawOfferDocument,
} from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { agree, join, openMarket, post } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const tenant = 'lagos';
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await openMarket(app.app.db, tenant);
  await openMarket(app.app.db, 'abuja');
});
afterAll(() => app.close());

describe('a viewer of another market', () => {
  it('finds nothing of this one, cold or warm, and can change nothing', async () => {
    const abroad = app.client.with({ 'x-runam-tenant': 'abuja' });
    const [customer, runner] = [await join(app.client, 'CUSTOMER'), await join(app.client, 'RUNNER')];
    const errandId = await post(customer, { area: 'Badagry' });
    const { makeOffer } = await runner.client.get(MakeOfferDocument, { errandId, input: { amountMinor: 200_000 } });
    const taken = await post(customer, { area: 'Badagry' });
    const escrowId = await agree(customer, runner, taken);
    const outsider = await join(abroad, 'RUNNER');
    for (const temperature of ['cold', 'warm']) {
      const found = await findings(outsider.client, { errandId, escrowId, userId: customer.id });
      expect(found, temperature).toEqual({ lists: [0, 0, 0], codes: Array(4).fill('NOT_FOUND') });
      // The header names a market for those who are not signed in; it moves nobody out of their own.
      const strayed = await findings(outsider.client.with({ 'x-runam-tenant': tenant }), {
        errandId,
        escrowId,
        userId: customer.id,
      });
      expect(strayed, `${temperature}, with this market's header`).toEqual(found);
      const own = await findings(customer.client, { errandId, escrowId, userId: customer.id });
      expect(own, temperature).toEqual({ lists: [2, 2, 1], codes: [] });
    }
    const offerId = makeOffer.offer.id;
    const proofs = [{ kind: 'PHOTO' as const, sha256: 'ab'.repeat(32) }];
    const client = outsider.client;
    const attempts = [
      client.ask(UpdateErrandDocument, { id: errandId, input: { title: 'Not yours' } }),
      client.ask(PublishErrandDocument, { id: errandId }),
      client.ask(CancelErrandDocument, { id: errandId }),
      client.ask(MakeOfferDocument, { errandId, input: { amountMinor: 1000 } }),
      client.ask(WithdrawOfferDocument, { offerId }),
      client.ask(AcceptOfferDocument, { offerId }),
      client.ask(FundEscrowDocument, { errandId: taken }),
      client.ask(StartErrandDocument, { id: taken }),
      client.ask(SubmitProofDocument, { id: taken, proofs }),
      client.ask(ConfirmDeliveryDocument, { errandId: taken }),
    ];
    for (const attempt of attempts) expect(codesOf(await attempt)).toEqual(['NOT_FOUND']);
  });

  async function findings(client: GraphqlClient, ids: { errandId: string; escrowId: string; userId: string }) {
    const [market, mine, escrows] = [
      await client.get(ErrandsDocument, { filter: { area: 'Badagry' } }),
      await client.get(MyErrandsDocument, {}),
      await client.get(MyEscrowsDocument, {}),
    ];
    const answers = [
      await client.ask(ErrandDocument, { id: ids.errandId }),
      await client.ask(OffersDocument, { errandId: ids.errandId }),
      await client.ask(EscrowDocument, { id: ids.escrowId }),
      await client.ask(UserPrivateDocument, { id: ids.userId }),
    ];
    const lists = [market.errands, mine.myErrands, escrows.myEscrows].map(({ edges }) => edges.length);
    return { lists, codes: answers.flatMap(codesOf) };
  }
});

function codesOf({ errors }: { readonly errors: readonly { extensions: { code: string } }[] }): readonly string[] {
  return errors.map(({ extensions }) => extensions.code);
}
