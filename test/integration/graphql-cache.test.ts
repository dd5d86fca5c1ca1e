import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agree, fund, join, openMarket, post, type Person } from '../support/market.js';
import {
  BanksDocument,
  CancelErrandDocument,
  ConfirmDeliveryDocument,
  ErrandDocument,
  ErrandsDocument,
  EscrowDocument,
  MeDocument,
  MyErrandsDocument,
  MyEscrowsDocument,
  StartErrandDocument,
  SubmitProofDocument,
  UpdateErrandDocument,
  UpdateProfileDocument,
} from '../support/generated/graphql.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const proofs = [{ kind: 'PHOTO' as const, sha256: 'ab'.repeat(32) }];

describe.each(['memory', 'redis'] as const)('the cached API over the %s store', (store) => {
  let redis: RedisProcess | undefined;
  let app: TestApp;
  let customer: Person;
  let runner: Person;

  beforeAll(async () => {
    redis = store === 'redis' ? await startRedis() : undefined;
    app = await startTestApp({ env: { CACHE_QUARANTINE_MS: '0', ...(redis && { REDIS_URL: redis.url }) } });
    await openMarket(app.app.db);
    [customer, runner] = await Promise.all([join(app.client, 'CUSTOMER'), join(app.client, 'RUNNER')]);
  });
  afterAll(async () => {
    await app.close();
    await redis?.stop();
  });

  it('answers a repeated list from the cache, and never from before an update of a row it shows', async () => {
    const id = await post(customer, { area: 'Surulere' });
    const list = { filter: { area: 'Surulere', states: ['OPEN' as const] } };
    expect((await app.client.ask(ErrandsDocument, list)).cacheStatus).toMatch(/^RunAm; fwd=miss/);
    expect((await app.client.ask(ErrandsDocument, list)).cacheStatus).toMatch(/^RunAm; hit; ttl=\d+; detail=errands$/);
    await customer.client.get(UpdateErrandDocument, { id, input: { title: 'A new title' } });
    const after = await app.client.ask(ErrandsDocument, list);
    expect(after.cacheStatus).toContain('fwd=miss');
    expect(after.data?.errands.edges.map(({ node }) => node.title)).toEqual(['A new title']);
  });

  it('keeps the list of one area when an errand of another changes', async () => {
    const elsewhere = await post(customer, { area: 'Ikeja' });
    const list = { filter: { area: 'Lekki' } };
    await app.client.ask(ErrandsDocument, list);
    await customer.client.get(UpdateErrandDocument, { id: elsewhere, input: { title: 'Nothing to Lekki' } });
    expect((await app.client.ask(ErrandsDocument, list)).cacheStatus).toContain('; hit;');
  });

  it('spoils both areas when an errand moves from one to the other', async () => {
    const id = await post(customer, { area: 'Festac' });
    const titlesIn = async (area: string) =>
      (await app.client.get(ErrandsDocument, { filter: { area } })).errands.edges.map(({ node }) => node.id);
    expect(await titlesIn('Festac')).toEqual([id]);
    expect(await titlesIn('Apapa')).toEqual([]);
    await customer.client.get(UpdateErrandDocument, { id, input: { area: 'Apapa' } });
    expect(await titlesIn('Festac')).toEqual([]);
    expect(await titlesIn('Apapa')).toEqual([id]);
  });

  it('never shows a party an escrow or an errand older than the mutation that answered, on the whole main road', async () => {
    const errandId = await post(customer, { area: 'Mushin' });
    const look = async (who: Person) => {
      const [mine, escrows, errand] = await Promise.all([
        who.client.get(MyErrandsDocument, {}),
        who.client.get(MyEscrowsDocument, {}),
        who.client.get(ErrandDocument, { id: errandId }),
      ]);
      return {
        mine: mine.myErrands.edges.find(({ node }) => node.id === errandId)?.node.state,
        escrow: escrows.myEscrows.edges.find(({ node }) => node.errand.id === errandId)?.node.state,
        errand: errand.errand.state,
      };
    };
    expect(await look(customer)).toEqual({ mine: 'OPEN', escrow: undefined, errand: 'OPEN' });
    const escrowId = await agree(customer, runner, errandId);
    for (const who of [customer, runner]) {
      expect(await look(who)).toEqual({
        mine: 'AWAITING_FUNDING',
        escrow: 'AWAITING_FUNDS',
        errand: 'AWAITING_FUNDING',
      });
    }
    await fund(customer, errandId);
    for (const who of [customer, runner])
      expect(await look(who)).toEqual({ mine: 'ASSIGNED', escrow: 'FUNDED', errand: 'ASSIGNED' });
    await runner.client.get(StartErrandDocument, { id: errandId });
    await runner.client.get(SubmitProofDocument, { id: errandId, proofs });
    for (const who of [customer, runner])
      expect(await look(who)).toMatchObject({ mine: 'DELIVERED', errand: 'DELIVERED' });
    expect((await runner.client.get(EscrowDocument, { id: escrowId })).escrow.state).toBe('FUNDED');
    await customer.client.get(ConfirmDeliveryDocument, { errandId });
    for (const who of [customer, runner])
      expect(await look(who)).toEqual({ mine: 'COMPLETED', escrow: 'RELEASED', errand: 'COMPLETED' });
    expect((await runner.client.get(EscrowDocument, { id: escrowId })).escrow.released.minor).toBe(300_000);
  });

  it('shows a cancelled errand as cancelled at once', async () => {
    const id = await post(customer, { area: 'Ojo' });
    await app.client.get(ErrandDocument, { id });
    await customer.client.get(CancelErrandDocument, { id });
    expect((await app.client.get(ErrandDocument, { id })).errand.state).toBe('CANCELLED');
  });

  it('answers banks and me from the cache, and me anew after a change of the profile', async () => {
    await app.client.ask(BanksDocument, { country: 'NG' });
    expect((await app.client.ask(BanksDocument, { country: 'NG' })).cacheStatus).toContain('; hit;');
    await customer.client.ask(MeDocument);
    expect((await customer.client.ask(MeDocument)).cacheStatus).toContain('; hit;');
    await customer.client.get(UpdateProfileDocument, { input: { displayName: 'Renamed' } });
    expect((await customer.client.get(MeDocument)).me.displayName).toBe('Renamed');
  });

  it('keeps what each viewer may see apart, on a warm cache', async () => {
    const id = await post(customer, { area: 'Epe', pickupAddress: '1 Secret Street' });
    expect((await customer.client.get(ErrandDocument, { id })).errand.pickupAddress).toBe('1 Secret Street');
    expect((await runner.client.get(ErrandDocument, { id })).errand.pickupAddress).toBeNull();
    expect((await app.client.get(ErrandDocument, { id })).errand.pickupAddress).toBeNull();
    const draft = await post(customer, { area: 'Epe', publish: false });
    await customer.client.get(ErrandDocument, { id: draft });
    const { errors } = await runner.client.ask(ErrandDocument, { id: draft });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['NOT_FOUND']);
  });
});
