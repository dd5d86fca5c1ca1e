import { createHash } from 'node:crypto';
import type { Prisma } from '../db/index.js';
import { invariant, uuidOf, type UserViewer } from '../kernel/index.js';
import {
  actorOf,
  decide,
  liveOfferStates,
  newErrandRow,
  newOfferRow,
  parseNewErrand,
  patches,
  refundOf,
  systemActor,
  type Decision,
  type Errand,
  type Facts,
  type Offer,
  type OfferState,
  type Settlement,
  type TransitionEvent,
  type TransitionName,
} from '../modules/errands/index.js';
import {
  cancellationSettlement,
  deliverySettlement,
  fundedPatch,
  journalOf,
  moneyFactsOf,
  newEscrowRow,
  partsOf,
  settledPatch,
  silentSettlement,
  type Escrow,
} from '../modules/escrows/index.js';
import { topUpJournal } from '../modules/payments/index.js';
import { createBooks } from './books.js';
import type { Cast } from './cast.js';
import type { World } from './world.type.js';

export function createWorld(cast: Cast): World {
  const errands = new Map<string, Errand>();
  const offers = new Map<string, Offer>();
  const escrows = new Map<string, Escrow>();
  const proofs: Prisma.ProofCreateManyInput[] = [];
  const charges: Prisma.ChargeCreateManyInput[] = [];
  const events: Prisma.ProcessEventCreateManyInput[] = [];
  const eventCounts = new Map<string, number>();
  const books = createBooks(cast);
  const people = new Map([...cast.customers, ...cast.runners].map((person) => [person.userId, person]));

  const errandOf = (id: string): Errand => known(errands.get(id), `errand ${id}`);
  const escrowOf = (errandId: string): Escrow => known(escrows.get(errandId), `escrow of ${errandId}`);
  const personOf = (id: string | null): UserViewer => known(people.get(id ?? ''), `person ${id}`);

  function record({ id, tenantId }: Errand, event: TransitionEvent): void {
    const seq = (eventCounts.get(id) ?? 0) + 1;
    eventCounts.set(id, seq);
    events.push({ errandId: id, seq, tenantId, ...event });
  }

  /** Decides as the service does, for a person or (undefined) a timer, and keeps what comes of it. */
  function move(
    errandId: string,
    name: TransitionName,
    who: UserViewer | undefined,
    at: Date,
    facts: Partial<Facts> = {},
    patch: Partial<Errand> = {},
  ): Decision {
    const errand = errandOf(errandId);
    const decision = decide(name, { errand, ...facts }, who ? actorOf(who, errand) : systemActor, at);
    if (decision.to !== decision.from) {
      errands.set(errandId, { ...errand, ...patch, state: decision.to, version: errand.version + 1, updatedAt: at });
    }
    record(errand, decision.event);
    if (decision.postings.length > 0) books.post(journalOf(errand, decision));
    return decision;
  }

  function answerOffers(errandId: string, state: OfferState, at: Date): void {
    for (const offer of offers.values()) {
      if (offer.errandId !== errandId || !(liveOfferStates as readonly string[]).includes(offer.state)) continue;
      offers.set(offer.id, { ...offer, state, version: offer.version + 1, updatedAt: at });
    }
  }

  /** The accepted offer of an errand that did not come to be. */
  function releaseOffer(errandId: string, state: OfferState, at: Date): void {
    for (const offer of offers.values()) {
      if (offer.errandId !== errandId || offer.state !== 'ACCEPTED') continue;
      offers.set(offer.id, { ...offer, state, version: offer.version + 1, updatedAt: at });
    }
  }

  function saveEscrow(escrow: Escrow, patch: Partial<Escrow>, at: Date): void {
    const after = { ...escrow, ...patch, version: escrow.version + 1, updatedAt: at };
    escrows.set(escrow.errandId, after);
    const held = books.heldBy(escrow.id);
    invariant(after.funded === after.released + after.refunded + held, `escrow ${escrow.id} does not add up`);
    invariant(
      !['RELEASED', 'REFUNDED', 'SPLIT', 'VOID'].includes(after.state) || held === 0n,
      `escrow ${escrow.id} is closed and holds ${held}`,
    );
  }

  function settle(
    errandId: string,
    name: TransitionName,
    who: UserViewer | undefined,
    at: Date,
    settlement: Settlement,
  ): void {
    const escrow = escrowOf(errandId);
    const { to } = move(errandId, name, who, at, { money: moneyFactsOf(escrow, () => settlement) });
    saveEscrow(escrow, settledPatch(escrow, settlement, to === 'COMPLETED' ? 'delivered' : 'calledOff'), at);
  }

  function topUp({ tenantId, userId }: UserViewer, amount: bigint, at: Date): void {
    const providerRef = `${userId}:demo-${charges.length + 1}`;
    const id = uuidOf(`charge:sandbox:${providerRef}`);
    const charge = { id, tenantId, userId, provider: 'sandbox', providerRef, amount, currency: cast.currency };
    const arrived = { received: amount, receivedCurrency: cast.currency, fee: 0n, landed: 'WALLET' } as const;
    charges.push({ ...charge, ...arrived, state: 'SUCCEEDED', askedAt: at, createdAt: at, updatedAt: at });
    books.post(topUpJournal(charge, at));
  }

  const customerOf = (errandId: string): UserViewer => personOf(errandOf(errandId).customerId);
  const runnerOf = (errandId: string): UserViewer => personOf(errandOf(errandId).runnerId);
  const partsOfErrand = (errandId: string) => partsOf(escrowOf(errandId));

  return {
    cast,
    books,
    errands,
    offers,
    escrows,
    proofs,
    charges,
    events,
    post(name, customer, input, at) {
      const { tenantId, userId } = customer;
      const owner = { id: uuidOf(`demo:errand:${name}`), tenantId, customerId: userId, currency: cast.currency };
      const errand = newErrandRow(parseNewErrand(input, cast.currency, at), owner, at);
      errands.set(errand.id, errand);
      record(errand, { transition: 'post', from: null, to: 'DRAFT', actorId: userId, actorRole: 'customer', at });
      return errand.id;
    },
    publish: (errandId, at) => void move(errandId, 'publish', customerOf(errandId), at, {}, patches.publish(at)),
    offer(errandId, runner, amount, message, at) {
      const errand = errandOf(errandId);
      move(errandId, 'placeOffer', runner, at);
      const terms = { id: uuidOf(`demo:offer:${errandId}:${runner.userId}`), runnerId: runner.userId, amount, message };
      const offer = newOfferRow(errand, { ...terms, expiresAt: errand.expiresAt }, at);
      offers.set(offer.id, offer);
      return offer.id;
    },
    accept(errandId, offerId, at) {
      const errand = errandOf(errandId);
      const offer = known(offers.get(offerId), `offer ${offerId}`);
      move(errandId, 'acceptOffer', customerOf(errandId), at, { offer }, patches.acceptOffer(offer, at));
      offers.set(offerId, { ...offer, state: 'ACCEPTED', version: offer.version + 1, updatedAt: at });
      escrows.set(errandId, newEscrowRow(errand, offer, cast.feePlan.id, uuidOf(`demo:escrow:${errandId}`), at));
    },
    topUp,
    fund(errandId, step, at) {
      const customer = customerOf(errandId);
      const escrow = escrowOf(errandId);
      const short = escrow.gross - books.walletOf(customer.userId);
      if (short > 0n) topUp(customer, ((short + step - 1n) / step) * step, at);
      move(errandId, 'fundFromWallet', customer, at, { money: moneyFactsOf(escrow) });
      answerOffers(errandId, 'SUPERSEDED', at);
      saveEscrow(escrow, fundedPatch(escrow, at), at);
    },
    start: (errandId, at) => void move(errandId, 'start', runnerOf(errandId), at),
    deliver(errandId, at) {
      const errand = errandOf(errandId);
      move(errandId, 'submitProof', runnerOf(errandId), at, { proofsCount: 1 }, patches.submitProof(errand, at));
      const sha256 = createHash('sha256').update(`photo of ${errandId}`).digest();
      const row = {
        id: uuidOf(`demo:proof:${errandId}`),
        tenantId: errand.tenantId,
        errandId,
        byUserId: errand.runnerId ?? '',
      };
      proofs.push({ ...row, kind: 'PHOTO', sha256, takenAt: at, createdAt: at });
    },
    confirm(errandId, goodsSpent, at) {
      settle(
        errandId,
        'confirm',
        customerOf(errandId),
        at,
        deliverySettlement(cast.feePlan, partsOfErrand(errandId), goodsSpent),
      );
    },
    autoRelease(errandId, at) {
      const settlement = silentSettlement(cast.feePlan, escrowOf(errandId), errandOf(errandId));
      settle(errandId, 'autoRelease', undefined, at, settlement);
    },
    cancel(errandId, at) {
      const customer = customerOf(errandId);
      if (errandOf(errandId).state === 'ASSIGNED') {
        const { fundedAt, createdAt } = escrowOf(errandId);
        const settlement = cancellationSettlement(cast.feePlan, partsOfErrand(errandId), fundedAt ?? createdAt, at);
        settle(errandId, 'cancelAssigned', customer, at, settlement);
        return releaseOffer(errandId, 'REJECTED', at);
      }
      move(errandId, 'cancelFree', customer, at, {}, patches.cancelFree());
      answerOffers(errandId, 'REJECTED', at);
      releaseOffer(errandId, 'REJECTED', at);
      const escrow = escrows.get(errandId);
      if (escrow && escrow.state !== 'VOID') saveEscrow(escrow, { state: 'VOID' }, at);
    },
    expire(errandId, at) {
      move(errandId, 'expire', undefined, at);
      answerOffers(errandId, 'EXPIRED', at);
    },
    noShow(errandId, at) {
      settle(errandId, 'noShow', undefined, at, refundOf(partsOfErrand(errandId)));
      releaseOffer(errandId, 'EXPIRED', at);
    },
  };
}

function known<T>(value: T | undefined, what: string): T {
  invariant(value !== undefined, `the story knows no ${what}`);
  return value;
}
