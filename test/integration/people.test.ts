import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AcceptOfferDocument,
  BlockUserDocument,
  CloseAccountDocument,
  ErrandActionsDocument,
  MakeOfferDocument,
  MeDocument,
  MyBlockedUsersDocument,
  OfferRulesDocument,
  OffersDocument,
  PersonStandingDocument,
  ReinstateUserDocument,
  SetOfferRulesDocument,
  SetVerificationDocument,
  SignInDocument,
  SignUpDocument,
  StartErrandDocument,
  SuspendUserDocument,
  UnblockUserDocument,
  UpdateProfileDocument,
} from '../support/generated/graphql.js';
import type { GraphqlFault } from '../support/graphql-client.js';
import { agree, fund, join, openMarket, post, type Person } from '../support/market.js';
import { joinAs } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let tenantId: string;
let admin: Person;
let support: Person;
let customer: Person;
let reader: Person;

beforeAll(async () => {
  app = await startTestApp({ timersEveryMs: 3_600_000 });
  tenantId = await openMarket(app.app.db);
  admin = await joinAs(app.app.db, app.client, tenantId, 'ADMIN');
  support = await joinAs(app.app.db, app.client, tenantId, 'SUPPORT');
  customer = await join(app.client, 'CUSTOMER');
  reader = await join(app.client, 'CUSTOMER');
});
afterAll(() => app.close());

const reason = 'Complaints of three customers.';
const password = 'a long password';
const runner = (): Promise<Person> => join(app.client, 'RUNNER');

function codesOf({ errors }: { readonly errors: readonly GraphqlFault[] }): readonly string[] {
  return errors.map(({ extensions }) => extensions.code);
}

/** Offers, and is told beforehand what comes of it. @returns the refusal, or undefined when the offer stands */
async function bid({ client }: Person, errandId: string): Promise<{ code: string; message: string } | undefined> {
  const { errand } = await client.get(ErrandActionsDocument, { id: errandId, onlyEnabled: false });
  const told = errand.allowedActions.find(({ name }) => name === 'PLACE_OFFER');
  const { errors } = await client.ask(MakeOfferDocument, { errandId, input: { amountMinor: 100_000 } });
  const [refused] = errors.map(({ message, extensions: { code } }) => ({ code, message }));
  expect(told?.reasons).toEqual(refused ? [refused] : []);
  return refused;
}

async function standingOf(id: string, { client }: Person = admin) {
  return (await client.get(PersonStandingDocument, { id })).user;
}

async function offerStates(errandId: string): Promise<readonly string[]> {
  return (await customer.client.get(OffersDocument, { errandId })).offers.map(({ state }) => state);
}

describe('suspending somebody', () => {
  it('ends their sessions and offers with its answer, and lets nobody sign in until it is taken back', async () => {
    const person = await runner();
    const errandId = await post(customer);
    expect(await bid(person, errandId)).toBeUndefined();
    for (let times = 0; times < 2; times += 1) await person.client.get(MeDocument);
    const credentials = { email: person.email, password };
    const { signIn: before } = await app.client.get(SignInDocument, credentials);
    const { accountVersion: expectedVersion } = await standingOf(person.id, support);

    const asked = { userId: person.id, reason, expectedVersion, key: 'once' };
    const { suspendUser } = await support.client.get(SuspendUserDocument, asked);
    expect(suspendUser.user).toEqual({ id: person.id, status: 'SUSPENDED', accountVersion: expectedVersion! + 1 });
    expect((await person.client.ask(MeDocument)).status).toBe(401);
    expect((await app.client.as(before.accessToken).ask(MeDocument)).status).toBe(401);
    expect(await offerStates(errandId)).toEqual(['WITHDRAWN']);
    const { errors } = await app.client.ask(SignInDocument, credentials);
    expect(errors).toMatchObject([
      { message: expect.stringContaining('is suspended'), extensions: { code: 'UNAUTHENTICATED' } },
    ]);
    const refresh = parse(`mutation { refreshSession(refreshToken: "${before.refreshToken}") { expiresIn } }`);
    expect(codesOf(await app.client.ask(refresh as TypedDocumentNode<object>))).toEqual(['UNAUTHENTICATED']);
    const replay = await support.client.get(SuspendUserDocument, asked);
    expect(replay.suspendUser).toEqual({ ...suspendUser, isReplay: true });
    const stale = { userId: person.id, reason, expectedVersion };
    expect(codesOf(await support.client.ask(ReinstateUserDocument, stale))).toEqual(['VERSION_CONFLICT']);

    await support.client.get(ReinstateUserDocument, { userId: person.id, reason: 'It was somebody else.' });
    expect((await person.client.ask(MeDocument)).status, 'a session that has ended stays so').toBe(401);
    const { signIn } = await app.client.get(SignInDocument, credentials);
    expect(await bid({ ...person, client: app.client.as(signIn.accessToken) }, errandId)).toBeUndefined();
    const log = await app.app.db.read.auditEntry.findMany({ where: { targetId: person.id } });
    const byAction = Object.fromEntries(log.map((entry) => [entry.action, entry]));
    expect(byAction).toMatchObject({
      suspendUser: { actorId: support.id, actorRole: 'SUPPORT', reason, before: { status: 'ACTIVE' } },
      reinstateUser: { before: { status: 'SUSPENDED' }, after: { status: 'ACTIVE' } },
    });
    expect(log).toHaveLength(2);
  });

  it('is for support and admins, about others, and about staff for admins', async () => {
    const ask = (by: Person, userId: string, why = reason) =>
      by.client.ask(SuspendUserDocument, { userId, reason: why }).then(codesOf);
    const finance = await joinAs(app.app.db, app.client, tenantId, 'FINANCE');
    const person = await runner();
    expect(await ask(customer, person.id)).toEqual(['FORBIDDEN']);
    expect(await ask(finance, person.id)).toEqual(['FORBIDDEN']);
    expect(await ask(support, support.id)).toEqual(['FORBIDDEN']);
    expect(await ask(support, admin.id)).toEqual(['FORBIDDEN']);
    expect(await ask(support, finance.id)).toEqual(['FORBIDDEN']);
    expect(await ask(admin, admin.id)).toEqual(['FORBIDDEN']);
    expect(await ask(support, person.id, ' ')).toEqual(['BAD_INPUT']);
    expect(await ask(support, tenantId)).toEqual(['NOT_FOUND']);
    expect(await ask(admin, finance.id)).toEqual([]);
    expect(await ask(admin, finance.id)).toEqual(['ILLEGAL_TRANSITION']);
    expect((await standingOf(person.id)).status).toBe('ACTIVE');
  });

  it('leaves the errands of a customer open, and nobody bids on them meanwhile', async () => {
    const owner = await join(app.client, 'CUSTOMER');
    const errandId = await post(owner);
    await admin.client.get(SuspendUserDocument, { userId: owner.id, reason });
    const person = await runner();
    expect(await bid(person, errandId)).toEqual({
      code: 'FORBIDDEN',
      message: 'This errand takes no offers from you.',
    });
    await admin.client.get(ReinstateUserDocument, { userId: owner.id, reason });
    expect(await bid(person, errandId)).toBeUndefined();
  });
});

describe('closing an account', () => {
  it('takes the password, is seen by everybody at once, and frees the address', async () => {
    const person = await join(app.client, 'RUNNER', 'Ada of Yaba');
    for (let times = 0; times < 2; times += 1)
      expect((await standingOf(person.id, reader)).displayName).toBe('Ada of Yaba');
    expect(codesOf(await person.client.ask(CloseAccountDocument, { password: 'another password' }))).toEqual([
      'INVALID_CREDENTIALS',
    ]);
    expect(codesOf(await app.client.ask(CloseAccountDocument, { password }))).toEqual(['UNAUTHENTICATED']);
    await person.client.get(CloseAccountDocument, { password });
    expect((await person.client.ask(MeDocument)).status).toBe(401);
    expect((await standingOf(person.id, reader)).displayName).toBe('Closed account');
    expect(await standingOf(person.id)).toMatchObject({ status: 'CLOSED', phone: null });
    const { email } = person;
    expect(codesOf(await app.client.ask(SignInDocument, { email, password }))).toEqual(['INVALID_CREDENTIALS']);
    const input = { email, password, displayName: 'Ada again', role: 'RUNNER' as const };
    const { signUp } = await app.client.get(SignUpDocument, { input });
    expect(signUp.user.id).not.toBe(person.id);
  });

  it('names what is left over HTTP, too', async () => {
    const owner = await join(app.client, 'CUSTOMER');
    await post(owner);
    const { errors } = await owner.client.ask(CloseAccountDocument, { password });
    expect(errors).toMatchObject([{ extensions: { code: 'ILLEGAL_TRANSITION', fields: [{ path: 'errands' }] } }]);
    expect((await owner.client.ask(MeDocument)).status).toBe(200);
  });
});

describe('blocking somebody', () => {
  it('ends the offers between the two and keeps both from bidding, without saying who blocked whom', async () => {
    const [one, other] = [await runner(), await runner()];
    const [ofOne, ofOther] = [await post(one), await post(other)];
    const [bidOnOne, bidOnOther, bystander] = [await bid(other, ofOne), await bid(one, ofOther), await post(customer)];
    expect([bidOnOne, bidOnOther, await bid(other, bystander)]).toEqual([undefined, undefined, undefined]);
    await one.client.get(BlockUserDocument, { userId: other.id });
    await one.client.get(BlockUserDocument, { userId: other.id });
    const states = await app.app.db.read.offer.findMany({
      where: { errandId: { in: [ofOne, ofOther, bystander] } },
      select: { errandId: true, state: true },
    });
    expect(new Map(states.map(({ errandId, state }) => [errandId, state]))).toEqual(
      new Map([
        [ofOne, 'REJECTED'],
        [ofOther, 'WITHDRAWN'],
        [bystander, 'PENDING'],
      ]),
    );
    const refusal = { code: 'FORBIDDEN', message: 'This errand takes no offers from you.' };
    expect([await bid(other, ofOne), await bid(one, ofOther)]).toEqual([refusal, refusal]);
    await one.client.get(UnblockUserDocument, { userId: other.id });
    expect([await bid(other, ofOne), await bid(one, ofOther)]).toEqual([undefined, undefined]);
  });

  it('leaves an errand of the two that is under way as it is', async () => {
    const person = await runner();
    const errandId = await post(customer);
    await agree(customer, person, errandId);
    await fund(customer, errandId);
    await customer.client.get(BlockUserDocument, { userId: person.id });
    const { startErrand } = await person.client.get(StartErrandDocument, { id: errandId });
    expect(startErrand.errand.state).toBe('IN_PROGRESS');
  });

  it('is known to who did it and to nobody else, in pages that leave nobody out', async () => {
    const [one, ...others] = [await runner(), await runner(), await runner(), await runner()];
    for (const { id } of others) await one.client.get(BlockUserDocument, { userId: id });
    const walked: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const { myBlockedUsers }: Awaited<ReturnType<typeof listOf>> = await listOf(one, after);
      walked.push(...myBlockedUsers.edges.map(({ node }) => node.user.id));
      after = myBlockedUsers.pageInfo.endCursor ?? null;
      more = myBlockedUsers.pageInfo.hasNextPage;
    }
    expect(walked.toSorted()).toEqual(others.map(({ id }) => id).toSorted());
    expect((await listOf(others[0]!)).myBlockedUsers.edges).toEqual([]);
    expect(codesOf(await app.client.ask(MyBlockedUsersDocument, {}))).toEqual(['UNAUTHENTICATED']);
    expect(codesOf(await one.client.ask(BlockUserDocument, { userId: one.id }))).toEqual(['BAD_INPUT']);
    expect(codesOf(await one.client.ask(BlockUserDocument, { userId: tenantId }))).toEqual(['NOT_FOUND']);
  });

  const listOf = ({ client }: Person, after: string | null = null) =>
    client.get(MyBlockedUsersDocument, { first: 2, after });
});

describe('a market that says who may bid', () => {
  it('refuses runners who are not verified for the budget, in the words that they were told before', async () => {
    const person = await runner();
    const [small, big] = [await post(customer), await post(customer, { budget: { minor: 350_001, currency: 'NGN' } })];
    const { offerRules } = await app.client.get(OfferRulesDocument);
    expect(offerRules).toMatchObject({ version: 0, tierNeeded: 0, higherTierNeeded: null, withinKm: null });
    const input = { tierNeeded: 1, higherTierNeeded: 2, higherTierAboveMinor: 350_000 };
    const { setOfferRules } = await admin.client.get(SetOfferRulesDocument, { input, expectedVersion: 0 });
    expect(setOfferRules.offerRules).toEqual({ version: 1, ...input, withinKm: null });
    expect((await app.client.get(OfferRulesDocument)).offerRules).toEqual(setOfferRules.offerRules);

    expect(await bid(person, small)).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('tier 1') });
    const verify = (tier: number, by = support) =>
      by.client.ask(SetVerificationDocument, { userId: person.id, tier, note: 'Saw the passport.' });
    expect(codesOf(await verify(1, customer))).toEqual(['FORBIDDEN']);
    expect(codesOf(await verify(4))).toEqual(['BAD_INPUT']);
    expect((await verify(1)).data!.setVerification.user).toEqual({ kycTier: 1, accountVersion: 2 });
    expect(await bid(person, small)).toBeUndefined();
    expect(await bid(person, big)).toMatchObject({ message: expect.stringContaining('tier 2, yours is 1') });
    await verify(2);
    expect(await bid(person, big)).toBeUndefined();
    await admin.client.get(SetOfferRulesDocument, { input: { tierNeeded: 3 } });
    const { offers } = await customer.client.get(OffersDocument, { errandId: small });
    const { acceptOffer } = await customer.client.get(AcceptOfferDocument, { offerId: offers[0]!.id });
    expect(acceptOffer.escrow.id, 'other rules leave an offer that was made').toBeTruthy();
    await verify(1);
    expect(await offerStates(big), 'and a tier that is taken back does not').toEqual(['WITHDRAWN']);
  });

  it('refuses runners whose home is too far from the pick-up, where both are known', async () => {
    const [near, far, unknown] = [await runner(), await runner(), await runner()];
    const homes = [
      [near, { lat: 6.45, lng: 3.4 }],
      [far, { lat: 6.6018, lng: 3.3515 }],
    ] as const;
    for (const [{ client }, homePoint] of homes) await client.get(UpdateProfileDocument, { input: { homePoint } });
    expect((await standingOf(near.id, near)).homePoint).toEqual(homes[0][1]);
    expect((await standingOf(near.id, support)).homePoint).toEqual(homes[0][1]);
    expect((await standingOf(near.id, reader)).homePoint, 'a home is private').toBeNull();
    const errandId = await post(customer, { pickupPoint: { lat: 6.4541, lng: 3.3947 } });
    const anywhere = await post(customer);
    await admin.client.get(SetOfferRulesDocument, { input: { withinKm: 10 } });
    expect(await bid(far, errandId)).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('10 km') });
    expect(await bid(far, anywhere)).toBeUndefined();
    expect([await bid(near, errandId), await bid(unknown, errandId)]).toEqual([undefined, undefined]);
    await admin.client.get(SetOfferRulesDocument, { input: {} });
    expect(await bid(far, errandId)).toBeUndefined();
    const wrong = { lat: 91, lng: 0 };
    expect(codesOf(await far.client.ask(UpdateProfileDocument, { input: { homePoint: wrong } }))).toEqual([
      'BAD_INPUT',
    ]);
  });

  it('is told what is wrong with its rules, all of it, and overwrites no others by mistake', async () => {
    const set = (input: object, expectedVersion?: number) =>
      admin.client.ask(SetOfferRulesDocument, { input, ...(expectedVersion !== undefined && { expectedVersion }) });
    const { errors } = await set({ tierNeeded: 4, higherTierNeeded: 1, withinKm: 0 });
    const paths = errors[0]!.extensions.fields!.map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set(['input.tierNeeded', 'input.higherTierNeeded', 'input.withinKm']));
    const { version } = (await app.client.get(OfferRulesDocument)).offerRules;
    expect(codesOf(await set({}, version - 1))).toEqual(['VERSION_CONFLICT']);
    expect(codesOf(await support.client.ask(SetOfferRulesDocument, { input: {} }))).toEqual(['FORBIDDEN']);
    expect((await app.client.get(OfferRulesDocument)).offerRules.version).toBe(version);
  });
});
