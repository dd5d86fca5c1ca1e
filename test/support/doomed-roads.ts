import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { uuidv7 } from '../../src/kernel/index.js';
import type { DoomedProcess } from './doomed-process.js';
import { doomedMoves } from './doomed-moves.js';
import type { DoomedStage } from './doomed-stage.js';
import { amountStaysPending, type SentWebhook } from './payments.js';
import { ordinaryAccount } from './payouts.js';
import { tokenOf } from './staff.js';
import { newErrand } from './stories.js';

/** What a client was told. */
export interface Told {
  readonly isReplay: boolean;
}

/** Something that a server has to do, and dies of. */
export interface DoomedRoad {
  /** A statement of the transaction in which it happens. */
  readonly says: RegExp;
  /** Has the server do it. */
  readonly act: (server: DoomedProcess) => Promise<unknown>;
  /** How often it has happened, as the database has it. */
  readonly happened: () => Promise<number>;
  /** What somebody outside does who got no answer: a client repeats its call, a provider its webhook. Workers go on by themselves. */
  readonly again?: (server: DoomedProcess) => Promise<Told | undefined>;
  /** What else is true in the end. @param hadHappened before the server died */
  readonly inTheEnd?: (hadHappened: boolean) => Promise<void> | void;
}

const anyJournal = /INSERT INTO journal \(/;
const naira = (minor: bigint) => ({ minor, currency: 'NGN' });
const rounds = (server: DoomedProcess): Promise<void> => server.doRounds();

/** All there is to be killed at, by what happens. */
export const doomedRoads = {
  async 'a dispute is refunded by its timer'({ market }) {
    const { errandId } = await doomedMoves.refundDispute(market);
    const where = { businessRef: `errand:${errandId}`, kind: 'errand.refundDispute' };
    return { says: anyJournal, act: rounds, happened: () => market.db.read.journal.count({ where }) };
  },
  async 'a client asks for a payout, with a key'(stage) {
    const account = await payable(stage);
    const variables = { payoutAccountId: account.id, amount: { minor: 4_000, currency: 'NGN' } };
    const ask = callOf(stage, stage.payee.email, requestPayout, {
      input: { ...variables, password: 'a long password' },
    });
    const where = { payoutAccountId: account.id };
    return { says: anyJournal, act: ask, happened: () => stage.market.db.read.payout.count({ where }), again: ask };
  },
  async 'the round of payouts pays one'(stage) {
    const { market, payouts, payee, sandbox } = stage;
    const { id: payoutAccountId } = await payable(stage);
    const payout = await payouts.request(payee.viewer, { payoutAccountId, amountMinor: 5_000n, currency: 'NGN' });
    const where = { payoutId: payout.id, transition: 'pay' };
    return {
      says: anyJournal,
      act: rounds,
      happened: () => market.db.read.payoutEvent.count({ where }),
      inTheEnd() {
        const items = sandbox.server.book.items().filter(({ reference }) => reference === payout.clientRef);
        expectThat(items.length === 1, `the provider paid ${items.length} times`);
      },
    };
  },
  async 'a client pays for an errand, with a key'(stage) {
    const { market, customer } = stage;
    const { errand } = await accepted(stage, 70_000n);
    const ask = callOf(stage, customer.email, payForErrand, { errandId: errand.id });
    return { says: anyJournal, act: ask, happened: () => charged(stage, errand.id), again: ask, inTheEnd: once };
    async function once(): Promise<void> {
      const charges = await market.db.read.charge.findMany({ where: { errandId: errand.id } });
      const items = stage.sandbox.server.book.items().filter((one) => one.reference === charges[0]!.providerRef);
      expectThat(charges.length === 1 && items.length === 1, `${charges.length} charges, ${items.length} payments`);
    }
  },
  async "a provider's webhook is taken in"(stage) {
    const { webhook } = await paidUnnoticed(stage);
    const knock = (server: DoomedProcess) => deliver(server, webhook);
    const { id } = JSON.parse(webhook.body) as { id: string };
    const happened = () => stage.market.db.read.webhookInbox.count({ where: { eventId: id } });
    return { says: /INSERT INTO "public"\."webhook_inbox" /, act: knock, happened, again: knock };
  },
  async 'a payment that a webhook told of is booked'(stage) {
    const { webhook, errandId } = await paidUnnoticed(stage);
    return {
      says: anyJournal,
      act: (server) => deliver(server, webhook),
      happened: () => charged(stage, errandId),
    };
  },
  async 'a chargeback is booked'(stage) {
    const { market, sandbox, payments, customer } = stage;
    const { charge } = await payments.wallets.topUp(customer.viewer, { amountMinor: 30_000n, currency: 'NGN' });
    sandbox.told();
    sandbox.server.book.chargeBack(charge.providerRef);
    const [webhook] = sandbox.told();
    const where = { businessRef: `charge:${charge.id}`, kind: 'charge.chargeback' };
    return {
      says: anyJournal,
      act: (server) => deliver(server, webhook!),
      happened: () => market.db.read.journal.count({ where }),
    };
  },
  async 'news is published'({ market }) {
    const { id } = await market.tell.open({ publish: false });
    const where = { body: { contains: id } };
    const happened = () => market.db.read.webhookDelivery.count({ where });
    return { says: /INSERT INTO "public"\."webhook_delivery" /, act: rounds, happened };
  },
  async 'it is noted that news was delivered'({ market, receiver }) {
    const { id } = await market.tell.open({ publish: false });
    const where = { body: { contains: id }, state: 'DELIVERED' as const };
    return {
      says: /UPDATE "public"\."webhook_delivery" /,
      act: rounds,
      happened: () => market.db.read.webhookDelivery.count({ where }),
      inTheEnd(hadHappened) {
        const times = receiver.received.filter(({ body }) => body.includes(id)).length;
        expectThat(times === (hadHappened ? 1 : 2), `it was sent ${times} times`);
      },
    };
  },
} as const satisfies Record<string, (stage: DoomedStage) => Promise<DoomedRoad>>;

export type DoomedRoadName = keyof typeof doomedRoads;

const requestPayout = `mutation ($input: RequestPayoutInput!, $key: String) {
  told: requestPayout(input: $input, idempotencyKey: $key) { isReplay payout { id state amount { minor } } } }`;
const payForErrand = `mutation ($errandId: ID!, $key: String) {
  told: payForErrand(errandId: $errandId, idempotencyKey: $key) { isReplay charge { id landed } errand { id } } }`;

/** A call with a key of its own, to whatever server, repeated as long as its error says that it may be. */
function callOf({ market }: DoomedStage, email: string, text: string, variables: object) {
  const key = uuidv7();
  const document = parse(text) as TypedDocumentNode<{ readonly told: Told }, object>;
  return async (server: DoomedProcess): Promise<Told> => {
    const client = server.client.as(await tokenOf(server.client, email));
    for (let tries = 1; ; tries += 1) {
      const { data, errors } = await client.ask(document, { ...variables, key });
      if (data?.told) return data.told;
      const mayBeRepeated = tries < 100 && errors.every(({ extensions }) => extensions.retryable);
      if (!mayBeRepeated) throw new Error(JSON.stringify(errors));
      await market.db.read.tenant.count();
    }
  };
}

/** Posts what the sandbox sent. @throws Error when it was not taken, as a provider would note, and send it again */
async function deliver(server: DoomedProcess, { headers, body }: SentWebhook): Promise<undefined> {
  const sent = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body };
  const { status } = await fetch(`${server.url}/webhooks/sandbox`, sent);
  expectThat(status === 200, `the webhook was answered ${status}`);
}

/** Money in the payee's wallet, and an account to pay it to that is like no other. */
async function payable({ payee, accounts, payments, bankId }: DoomedStage) {
  await payments.wallets.topUp(payee.viewer, { amountMinor: 20_000n, currency: 'NGN' });
  return (await accounts.add(payee.viewer, { bankId, accountNumber: ordinaryAccount() })).account;
}

async function accepted({ market, customer }: DoomedStage, amountMinor: bigint) {
  const errand = await market.errands.post(customer.viewer, newErrand({ budget: naira(500_000n) }));
  const { offer } = await market.offers.make(market.runner, errand.id, { amountMinor });
  return market.escrows.acceptOffer(customer.viewer, offer.id);
}

/** An errand whose payment has come in at the provider, and nobody here knows it yet. */
async function paidUnnoticed(stage: DoomedStage) {
  const { sandbox, payments, customer } = stage;
  const { errand } = await accepted(stage, amountStaysPending);
  const { charge } = await payments.charges.payForErrand(customer.viewer, errand.id);
  sandbox.told();
  sandbox.server.book.succeedCharge(charge.providerRef);
  return { errandId: errand.id, webhook: sandbox.told()[0]! };
}

/** How often an errand was funded by a charge. */
function charged({ market }: DoomedStage, errandId: string): Promise<number> {
  return market.db.read.processEvent.count({ where: { errandId, transition: 'fundFromCharge' } });
}

function expectThat(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}
