import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tagsSpoiledBy, typesShowing } from '../../src/invalidation/index.js';
import type { ModelChange, WatchedModel } from '../../src/db/index.js';
import {
  BanksDocument,
  DisputeDocument,
  ErrandDocument,
  ErrandsDocument,
  EscrowDocument,
  FundEscrowDocument,
  MeDocument,
  MyErrandsDocument,
  MyEscrowsDocument,
  OffersDocument,
  TopUpWalletDocument,
  UpdateErrandDocument,
  UserDocument,
} from '../support/generated/graphql.js';
import { agree, join, openMarket, post, type Person } from '../support/market.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { sampleRow, type SampleRows } from '../support/sample-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let redis: RedisProcess;
let app: TestApp;
let customer: Person;
let errandId: string;
let escrowId: string;
let disputeId: string;
beforeAll(async () => {
  redis = await startRedis();
  const env = { REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0', CACHE_ON_REDIS_LOSS: 'abort' };
  app = await startTestApp({ env });
  await openMarket(app.app.db);
  customer = await join(app.client, 'CUSTOMER');
  errandId = await post(customer);
  escrowId = await agree(customer, await join(app.client, 'RUNNER'), errandId);
  const { db } = app.app;
  const Errand = await db.read.errand.findUniqueOrThrow({ where: { id: errandId } });
  const Escrow = await db.read.escrow.findUniqueOrThrow({ where: { id: escrowId } });
  const dispute = sampleRow('Dispute', { Errand, Escrow } as unknown as SampleRows);
  disputeId = (await db.write((tx) => tx.dispute.create({ data: dispute as never }))).id;
});
afterAll(async () => {
  await app.close();
  await redis.stop();
});

describe('the types that a model is shown by', () => {
  it('are those whose entries carry a tag that its rows spoil, and no others', async () => {
    await readEverything();
    const entries = await storedEntries();
    const found = Object.fromEntries(
      (Object.keys(typesShowing) as WatchedModel[]).map((model) => [model, [] as string[]]),
    );
    for (const [model, rows] of Object.entries(await rowsOfEveryModel())) {
      const changes = rows.map((after, index) => ({ id: BigInt(index), model, before: undefined, after }));
      const spoilt = new Set(tagsSpoiledBy(changes as readonly ModelChange[]));
      const showing = entries.filter(({ tags }) => tags.some((tag) => spoilt.has(tag))).map(({ type }) => type);
      found[model] = [...new Set(showing)].toSorted();
    }
    expect(found).toEqual(
      Object.fromEntries(Object.entries(typesShowing).map(([model, types]) => [model, [...types].toSorted()])),
    );
  });
});

describe('with Redis away and CACHE_ON_REDIS_LOSS=abort', () => {
  it('a payment is refused before it is made, other changes are not, and it succeeds when Redis is back', async () => {
    const amount = { minor: 300_000, currency: 'NGN' as const };
    await customer.client.get(TopUpWalletDocument, { input: { amount } });
    await redis.kill();
    const refused = await customer.client.ask(FundEscrowDocument, { errandId });
    expect(refused.errors.map(({ extensions }) => extensions)).toEqual([{ code: 'UNAVAILABLE', retryable: true }]);
    const stateOf = async () => (await customer.client.get(EscrowDocument, { id: escrowId })).escrow.state;
    expect(await stateOf()).toBe('AWAITING_FUNDS');
    const other = await post(customer, { publish: false });
    await customer.client.get(UpdateErrandDocument, { id: other, input: { title: 'Changed all the same' } });
    await redis.restart();
    const fund = async () => (await customer.client.ask(FundEscrowDocument, { errandId })).errors.length === 0;
    await expect.poll(fund, { timeout: 15_000 }).toBe(true);
    expect(await stateOf()).toBe('FUNDED');
  });
});

async function readEverything(): Promise<void> {
  const { client, id } = customer;
  await client.get(MeDocument);
  await client.get(UserDocument, { id });
  await client.get(ErrandsDocument, {});
  await client.get(ErrandDocument, { id: errandId });
  await client.get(OffersDocument, { errandId });
  await client.get(MyErrandsDocument, {});
  await client.get(MyEscrowsDocument, {});
  await client.get(EscrowDocument, { id: escrowId });
  await client.get(DisputeDocument, { id: disputeId });
  await app.client.get(BanksDocument, { country: 'NG' });
}

/** What the entries in Redis say of themselves: see `cache/entry`. */
async function storedEntries(): Promise<readonly { type: string; tags: readonly string[] }[]> {
  const client = new Redis(redis.url);
  const keys = await client.keys('runam:*:e:*');
  const texts = await client.mget(keys);
  client.disconnect();
  return texts.map((text) => {
    const head = text?.slice(16, 16 + Number.parseInt(text.slice(10, 16), 16)) ?? '';
    const [, , , type, , , tags] = JSON.parse(head) as [unknown, unknown, unknown, string, unknown, unknown, string[]];
    return { type, tags };
  });
}

/** Every row there is, and one of each kind that this market has none of. */
async function rowsOfEveryModel(): Promise<Readonly<Record<WatchedModel, readonly object[]>>> {
  const { read } = app.app.db;
  const bank = { id: 'b', bankId: 'b', country: 'NG', name: 'a bank' };
  return {
    Tenant: await read.tenant.findMany(),
    User: await read.user.findMany(),
    UserProfile: await read.userProfile.findMany(),
    RoleGrant: await read.roleGrant.findMany(),
    Session: await read.session.findMany(),
    Errand: await read.errand.findMany(),
    Offer: await read.offer.findMany(),
    Escrow: await read.escrow.findMany(),
    Dispute: await read.dispute.findMany(),
    Bank: [bank],
    BankCode: [bank],
    BankAlias: [bank],
  };
}
