import { invariant, uuidOf, type UserViewer } from '../kernel/index.js';
import {
  actorOf,
  decide,
  liveOfferStates,
  systemActor,
  type Decision,
  type Errand,
  type Facts,
  type Offer,
  type OfferState,
  type TransitionEvent,
  type TransitionName,
} from '../modules/errands/index.js';
import { journalOf, moneyFactsOf, type Escrow, type HeldEscrow, type Settle } from '../modules/escrows/index.js';
import { recipientsOf } from '../modules/news/index.js';
import { createBooks, type Books } from './books.js';
import type { Cast } from './cast.js';
import { emptyRows, type Rows } from './rows.js';

/** Notifications are told of this long before the present; those of the last day are unread. */
const newsMs = 4 * 24 * 60 * 60 * 1000;
const unreadMs = 24 * 60 * 60 * 1000;

/** What all stories stand on: the errands and their money, moved by the decisions of the modules and by nothing else. */
export interface Stage {
  readonly cast: Cast;
  readonly books: Books;
  readonly rows: Rows;
  errandOf(id: string): Errand;
  /** The one that is not retired. */
  escrowOf(errandId: string): Escrow;
  /** The escrow with the plan of its fees. */
  moneyOf(errandId: string): HeldEscrow;
  personOf(id: string | null): UserViewer;
  customerOf(errandId: string): UserViewer;
  runnerOf(errandId: string): UserViewer;
  /** When the errand came into the state it ended in; undefined while it goes on. */
  endedAt(errandId: string): Date | undefined;
  /** Decides as the service does, for a person or (undefined) a timer, and keeps what comes of it. */
  move(errandId: string, name: TransitionName, who: UserViewer | undefined, at: Date, told?: Told): Decision;
  /** Keeps what was decided. */
  keep(errandId: string, decision: Decision, told?: Pick<Told, 'patch' | 'reason' | 'isNoNews'>): void;
  /** Writes down an errand that is new. */
  enter(errand: Errand, event: TransitionEvent): void;
  saveEscrow(escrow: Escrow, patch: Partial<Escrow>, at: Date): void;
  addOffer(offer: Offer): void;
  /** Answers the offers of an errand that are in one of these states. */
  moveOffers(errandId: string, from: 'live' | 'ACCEPTED', to: OfferState, at: Date): void;
}

export interface Told {
  readonly facts?: Partial<Facts>;
  readonly patch?: Partial<Errand>;
  readonly reason?: string;
  /** The people concerned hear of it later. */
  readonly isNoNews?: boolean;
}

/** @param present when the stories end */
export function createStage(cast: Cast, present: Date): Stage {
  const rows = emptyRows();
  const { errands, escrows, offers } = rows;
  const eventCounts = new Map<string, number>();
  const offerIds = new Map<string, readonly string[]>();
  const ends = new Map<string, Date>();
  const books = createBooks(cast);
  const { admin, support, arbiter, finance } = cast.staff;
  const everybody = [...cast.customers, ...cast.runners, admin, support, arbiter, finance];
  const people = new Map(everybody.map((person) => [person.userId, person]));

  const errandOf = (id: string): Errand => known(errands.get(id), `errand ${id}`);
  const escrowOf = (errandId: string): Escrow => known(escrows.get(errandId), `escrow of ${errandId}`);
  const personOf = (id: string | null): UserViewer => known(people.get(id ?? ''), `person ${id}`);

  function record(errand: Errand, event: TransitionEvent, runnerId: string | null, told: Told): void {
    const { id, tenantId } = errand;
    const seq = (eventCounts.get(id) ?? 0) + 1;
    eventCounts.set(id, seq);
    rows.events.push({ errandId: id, seq, tenantId, ...event, reason: told.reason ?? null });
    const ageMs = present.getTime() - event.at.getTime();
    if (told.isNoNews || ageMs > newsMs) return;
    const { transition, from, to, at } = event;
    const news = { ...event, ...errand, errandId: id, seq: BigInt(seq), runnerId };
    for (const userId of new Set(recipientsOf(news))) {
      rows.notifications.push({
        id: uuidOf(`demo:notification:${id}:${seq}:${userId}`),
        tenantId,
        userId,
        kind: `errand.${transition}`,
        errandId: id,
        params: { errandTitle: errand.title, from: from ?? '', to },
        createdAt: at,
        readAt: ageMs > unreadMs ? new Date(at.getTime() + unreadMs / 4) : null,
      });
    }
  }

  function keep(errandId: string, decision: Decision, told: Told = {}): void {
    const { from, to, event, postings } = decision;
    const errand = errandOf(errandId);
    const { patch = {} } = told;
    const isMoved = from !== to || postings.length > 0 || Object.keys(patch).length > 0;
    const after = isMoved
      ? { ...errand, ...patch, state: to, version: errand.version + 1, updatedAt: event.at }
      : errand;
    errands.set(errandId, after);
    if (from !== to) ends.set(errandId, event.at);
    record(after, event, after.runnerId ?? errand.runnerId, told);
    if (postings.length > 0) books.post(journalOf(errand, decision));
  }

  return {
    cast,
    books,
    rows,
    errandOf,
    escrowOf,
    personOf,
    keep,
    moneyOf: (errandId) => ({ escrow: escrowOf(errandId), feePlan: cast.feePlan }),
    customerOf: (errandId) => personOf(errandOf(errandId).customerId),
    runnerOf: (errandId) => personOf(errandOf(errandId).runnerId),
    endedAt: (errandId) =>
      ['COMPLETED', 'CANCELLED', 'EXPIRED'].includes(errandOf(errandId).state) ? ends.get(errandId) : undefined,
    move(errandId, name, who, at, told = {}) {
      const errand = errandOf(errandId);
      const actor = who ? actorOf(who, errand) : systemActor;
      const decision = decide(name, { errand, ...told.facts }, actor, at);
      keep(errandId, decision, told);
      return decision;
    },
    enter(errand, event) {
      errands.set(errand.id, errand);
      record(errand, event, null, {});
    },
    saveEscrow(escrow, patch, at) {
      const after = { ...escrow, ...patch, version: escrow.version + 1, updatedAt: at };
      escrows.set(escrow.errandId, after);
      const held = books.heldBy(escrow.id);
      invariant(after.funded === after.released + after.refunded + held, `escrow ${escrow.id} does not add up`);
      invariant(
        !['RELEASED', 'REFUNDED', 'SPLIT', 'VOID'].includes(after.state) || held === 0n,
        `escrow ${escrow.id} is closed and holds ${held}`,
      );
    },
    addOffer(offer) {
      offers.set(offer.id, offer);
      offerIds.set(offer.errandId, [...(offerIds.get(offer.errandId) ?? []), offer.id]);
    },
    moveOffers(errandId, from, to, at) {
      const states: readonly OfferState[] = from === 'live' ? liveOfferStates : ['ACCEPTED'];
      for (const id of offerIds.get(errandId) ?? []) {
        const offer = known(offers.get(id), `offer ${id}`);
        if (!states.includes(offer.state)) continue;
        offers.set(offer.id, { ...offer, state: to, version: offer.version + 1, updatedAt: at });
      }
    },
  };
}

/** What the table of transitions looks at of an errand's money. */
export function moneyFacts({ escrow, feePlan }: HeldEscrow, settle?: Settle): Pick<Facts, 'money'> {
  return { money: moneyFactsOf(escrow, settle && (() => settle({ escrow, feePlan }))) };
}

export function known<T>(value: T | undefined, what: string): T {
  invariant(value !== undefined, `the story knows no ${what}`);
  return value;
}
