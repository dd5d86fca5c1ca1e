import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7, type Role } from '../../src/kernel/index.js';
import {
  ErrandDocument,
  ErrandPrivateDocument,
  EscrowDocument,
  MakeOfferDocument,
  MeDocument,
  MyEscrowsDocument,
  OffersDocument,
  SignInDocument,
  SignOutDocument,
  SuspendUserDocument,
  UserPrivateDocument,
} from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { agree, join, openMarket, post, type Person } from '../support/market.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let redis: RedisProcess;
/** Two servers that share a cache: what one of them hears of counts on the other. */
let app: TestApp;
let twin: TestApp;
let tenantId: string;

beforeAll(async () => {
  redis = await startRedis();
  const env = { REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0' };
  app = await startTestApp({ env });
  twin = await startTestApp({ env, database: app.database });
  tenantId = await openMarket(app.app.db);
});
afterAll(async () => {
  await twin.close();
  await app.close();
  await redis.stop();
});

/** The same person on the other server. */
async function onTwin({ email }: Person): Promise<GraphqlClient> {
  const { signIn } = await twin.client.get(SignInDocument, { email, password: 'a long password' });
  return twin.client.as(signIn.accessToken);
}

async function joinStaff(role: Role): Promise<Person> {
  const person = await join(app.client, 'CUSTOMER', role);
  const grant = { id: uuidv7(), tenantId, userId: person.id, role, createdAt: new Date() };
  await app.app.db.write((tx) => tx.roleGrant.create({ data: grant }));
  return person;
}

describe('what is private to an errand and to people', () => {
  const address = { pickupAddress: '1 Secret Street', dropoffAddress: '2 Hidden Road' };
  const points = { pickupPoint: { lat: 6.5, lng: 3.4 }, dropoffPoint: { lat: 6.6, lng: 3.5 } };
  let customer: Person;
  let runner: Person;
  let viewers: readonly { name: string; client: GraphqlClient; seesErrand: boolean; sees: readonly string[] }[];
  let errandId: string;

  beforeAll(async () => {
    customer = await join(app.client, 'CUSTOMER');
    runner = await join(app.client, 'RUNNER');
    const [rival, stranger, support] = await Promise.all([
      join(app.client, 'RUNNER'),
      join(app.client, 'CUSTOMER'),
      joinStaff('SUPPORT'),
    ]);
    for (const [index, { id }] of [customer, runner].entries()) {
      await app.app.db.write((tx) => tx.user.update({ where: { id }, data: { phone: `+23480100000${index}` } }));
    }
    errandId = await post(customer, { area: 'Epe', ...address, ...points });
    await rival.client.get(MakeOfferDocument, { errandId, input: { amountMinor: 100_000 } });
    await agree(customer, runner, errandId);
    viewers = [
      { name: 'anonymous', client: app.client, seesErrand: false, sees: [] },
      { name: 'customer', client: customer.client, seesErrand: true, sees: [customer.id] },
      { name: 'runner', client: runner.client, seesErrand: true, sees: [runner.id] },
      { name: 'rival', client: rival.client, seesErrand: false, sees: [] },
      { name: 'stranger', client: stranger.client, seesErrand: false, sees: [] },
      { name: 'support', client: support.client, seesErrand: true, sees: [customer.id, runner.id] },
    ];
  });

  /** Each viewer first, and each before and after each other. */
  function orders<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
    const turned = items.map((_, index) => [...items.slice(index), ...items.slice(0, index)]);
    return [...turned, ...turned.map((order) => order.toReversed())];
  }

  it('is shown to the two parties and staff and to nobody else, whoever filled the cache', async () => {
    for (const order of orders(viewers)) {
      await app.app.db.write((tx) => tx.errand.update({ where: { id: errandId }, data: { updatedAt: new Date() } }));
      const seenBefore: string[] = [];
      for (const { name, client, seesErrand, sees } of order) {
        const { data, cacheStatus } = await client.ask(ErrandPrivateDocument, { id: errandId });
        const when = `${name} after ${seenBefore.join(', ') || 'nobody'}`;
        expect(cacheStatus.includes('; hit'), when).toBe(seenBefore.length > 0);
        const { escrow, pickupAddress, dropoffAddress, pickupPoint, dropoffPoint } = data!.errand;
        const shown = { escrow: escrow !== null, pickupAddress, dropoffAddress, pickupPoint, dropoffPoint };
        const nothing = { pickupAddress: null, dropoffAddress: null, pickupPoint: null, dropoffPoint: null };
        expect(shown, when).toEqual(
          seesErrand ? { escrow: true, ...address, ...points } : { escrow: false, ...nothing },
        );
        for (const person of [data!.errand.customer, data!.errand.runner!]) {
          expect(contactShown(person), when).toEqual(contactOf(person.id, sees));
        }
        seenBefore.push(name);
      }
    }
  });

  it('of a person is shown to that person and to staff, whoever filled the cache', async () => {
    const signedIn = viewers.filter(({ name }) => name !== 'anonymous');
    for (const order of orders(signedIn)) {
      await app.app.db.write((tx) =>
        tx.userProfile.update({ where: { userId: customer.id }, data: { bio: uuidv7() } }),
      );
      for (const { name, client, sees } of order) {
        const { user } = await client.get(UserPrivateDocument, { id: customer.id });
        expect(contactShown(user), name).toEqual(contactOf(customer.id, sees));
      }
    }
  });

  it('to staff stays hidden: others see who is a customer or a runner, not who works for the market', async () => {
    const arbiter = await joinStaff('ARBITER');
    const rolesFor = async (client: GraphqlClient) =>
      (await client.get(UserPrivateDocument, { id: arbiter.id })).user.roles;
    expect(await rolesFor(arbiter.client)).toEqual(['CUSTOMER', 'ARBITER']);
    expect(await rolesFor(customer.client)).toEqual(['CUSTOMER']);
  });

  it('is the money of an escrow, its offers and a draft, too', async () => {
    const { myEscrows } = await customer.client.get(MyEscrowsDocument, {});
    const id = myEscrows.edges[0]!.node.id;
    const draft = await post(customer, { publish: false });
    for (const { name, client, seesErrand } of viewers.filter(({ name: who }) => who !== 'anonymous')) {
      const escrow = await client.ask(EscrowDocument, { id });
      expect(codesOf(escrow), name).toEqual(seesErrand ? [] : ['NOT_FOUND']);
      const offers = await client.get(OffersDocument, { errandId });
      const counts: Record<string, number> = { customer: 2, support: 2, runner: 1, rival: 1, stranger: 0 };
      expect(offers.offers, name).toHaveLength(counts[name]!);
      const seesDraft = name === 'customer' || name === 'support';
      const asked = await client.ask(ErrandDocument, { id: draft });
      expect(codesOf(asked), name).toEqual(seesDraft ? [] : ['NOT_FOUND']);
      expect(asked.cacheStatus === '', `${name} is told nothing of what they may not see`).toBe(!seesDraft);
    }
  });
});

interface PersonShown {
  readonly id: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly status: string | null;
  readonly kycTier: number | null;
}

function contactShown({ email, status, kycTier, phone }: PersonShown) {
  return { hasEmail: email !== null, hasPhone: phone !== null, status, kycTier };
}

/** What a viewer who may see the contact data of `sees` is shown of somebody's. */
function contactOf(id: string, sees: readonly string[]): ReturnType<typeof contactShown> {
  const isShown = sees.includes(id);
  return {
    hasEmail: isShown,
    hasPhone: isShown,
    status: isShown ? 'ACTIVE' : null,
    kycTier: isShown ? 0 : null,
  };
}

describe('the end of a permission counts from the very next request, on every server, although it was cached', () => {
  it('when a session is signed out', async () => {
    const person = await join(app.client, 'CUSTOMER');
    const other = await onTwin(person);
    for (const client of [person.client, person.client, other, other]) await client.get(MeDocument);
    await person.client.get(SignOutDocument, {});
    expect(await statusOf(person.client)).toBe(401);
    expect(await statusOf(other), 'another session of the same person goes on').toBe(200);
  });

  it('when all sessions are', async () => {
    const person = await join(app.client, 'CUSTOMER');
    const other = await onTwin(person);
    for (const client of [person.client, person.client, other, other]) await client.get(MeDocument);
    await person.client.get(SignOutDocument, { everywhere: true });
    expect(await Promise.all([statusOf(person.client), statusOf(other)])).toEqual([401, 401]);
  });

  it('when a role is taken', async () => {
    const [admin, support] = [await joinStaff('ADMIN'), await joinStaff('SUPPORT')];
    const customer = await join(app.client, 'CUSTOMER');
    const elsewhere = await onTwin(support);
    const emailFor = async (client: GraphqlClient) =>
      (await client.get(UserPrivateDocument, { id: customer.id })).user.email;
    expect([await emailFor(elsewhere), await emailFor(elsewhere)]).toEqual([customer.email, customer.email]);
    const revoke = parse(
      `mutation ($userId: ID!, $role: Role!) { revokeRole(userId: $userId, role: $role) { user { id } } }`,
    );
    await admin.client.get(revoke as TypedDocumentNode<object, object>, { userId: support.id, role: 'SUPPORT' });
    expect(await emailFor(elsewhere)).toBeNull();
    expect(await emailFor(support.client)).toBeNull();
  });

  it('when an account is suspended', async () => {
    const person = await join(app.client, 'CUSTOMER');
    const other = await onTwin(person);
    for (const client of [other, other]) await client.get(MeDocument);
    const admin = await joinStaff('ADMIN');
    await admin.client.get(SuspendUserDocument, { userId: person.id, reason: 'A test.' });
    expect(await statusOf(other)).toBe(401);
  });
});

async function statusOf(client: GraphqlClient): Promise<number> {
  return (await client.ask(MeDocument)).status;
}

function codesOf({ errors }: { readonly errors: readonly { extensions: { code: string } }[] }): readonly string[] {
  return errors.map(({ extensions }) => extensions.code);
}
