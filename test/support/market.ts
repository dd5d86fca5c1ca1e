import type { Db } from '../../src/db/index.js';
import { uuidv7 } from '../../src/kernel/index.js';
import {
  AcceptOfferDocument,
  FundEscrowDocument,
  MakeOfferDocument,
  OpenDisputeDocument,
  PostErrandDocument,
  SignUpDocument,
  StartErrandDocument,
  TopUpWalletDocument,
  type PostErrandInput,
  type SelfServiceRole,
} from './generated/graphql.js';
import type { GraphqlClient } from './graphql-client.js';

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly client: GraphqlClient;
}

/** Puts a market with a fee plan into an empty database: the ground that people then act on through the API. */
export async function openMarket(db: Db, slug = 'lagos'): Promise<string> {
  const id = uuidv7();
  const createdAt = new Date();
  await db.write(async (tx) => {
    await tx.tenant.create({ data: { id, slug, name: slug, currency: 'NGN', createdAt } });
    const rates = { commissionBps: 1000, vatBps: 750, cancellationBps: 1000, freeCancelMinutes: 10 };
    await tx.feePlan.create({
      data: { id: uuidv7(), tenantId: id, name: 'standard', version: 1, ...rates, createdAt },
    });
  });
  return id;
}

/** Signs someone up through the API. */
export async function join(
  anonymous: GraphqlClient,
  role: SelfServiceRole,
  displayName: string = role,
): Promise<Person> {
  const email = `${uuidv7()}@runam.test`;
  const { signUp } = await anonymous.get(SignUpDocument, {
    input: { email, password: 'a long password', displayName, role },
  });
  return { id: signUp.user.id, email, client: anonymous.as(signUp.accessToken) };
}

export function errandInput(overrides: Partial<PostErrandInput> = {}): PostErrandInput {
  return {
    title: 'Fetch a parcel',
    description: 'Two boxes from the park.',
    category: 'PICKUP',
    area: 'Yaba',
    budget: { minor: 350_000, currency: 'NGN' },
    publish: true,
    ...overrides,
  };
}

export async function post(customer: Person, overrides: Partial<PostErrandInput> = {}): Promise<string> {
  const { postErrand } = await customer.client.get(PostErrandDocument, { input: errandInput(overrides) });
  return postErrand.errand.id;
}

/** An errand for each of `customers`, whose time comes a moment after they are there, however slow the machine. */
export async function postLapsing(customers: readonly Person[]): Promise<string[]> {
  const [first] = customers;
  if (!first) return [];
  const startedMs = performance.now();
  await post(first);
  const leadMs = Math.max(2_000, 10 * customers.length * (performance.now() - startedMs));
  const expiresAt = new Date(Date.now() + leadMs).toISOString();
  return Promise.all(customers.map((customer) => post(customer, { expiresAt })));
}

/** Takes an open errand to AWAITING_FUNDING. @returns the escrow's id */
export async function agree(
  customer: Person,
  runner: Person,
  errandId: string,
  amountMinor = 300_000,
): Promise<string> {
  const { makeOffer } = await runner.client.get(MakeOfferDocument, { errandId, input: { amountMinor } });
  const { acceptOffer } = await customer.client.get(AcceptOfferDocument, { offerId: makeOffer.offer.id });
  return acceptOffer.escrow.id;
}

export async function fund(customer: Person, errandId: string, amountMinor = 300_000): Promise<void> {
  await customer.client.get(TopUpWalletDocument, { input: { amount: { minor: amountMinor, currency: 'NGN' } } });
  await customer.client.get(FundEscrowDocument, { errandId });
}

/** The runner sets off with a funded errand, and somebody disagrees. @returns the dispute's id */
export async function dispute(runner: Person, opener: Person, errandId: string, claimMinor = 100_000): Promise<string> {
  await runner.client.get(StartErrandDocument, { id: errandId });
  const evidence = [{ kind: 'PHOTO' as const, sha256: 'cd'.repeat(32), note: 'As it was.' }];
  const input = { reason: 'It never came to my door.', claimMinor, evidence };
  const { openDispute } = await opener.client.get(OpenDisputeDocument, { errandId, input });
  return openDispute.dispute.id;
}
