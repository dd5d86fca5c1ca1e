import { refusalOf, type Rule } from '../model/rules.js';
import { moveTo } from '../model/timers.js';
import {
  amountMax,
  hourMs,
  isBlockedBetween,
  isLive,
  isStaff,
  isTooLateToStart,
  type Errand,
  type Offer,
  type Person,
} from '../model/world.js';
import {
  actorFor,
  byLabel,
  drawAmount,
  errandPlay,
  maliceOf,
  pickErrand,
  versionLabel,
  versionOf,
  type Hand,
  type Malice,
  type Play,
} from './attempt.js';
import { answer } from './escrow.plays.js';

const fundingWindowMs = 24 * hourMs;

const makeOffer = errandPlay({
  name: 'makeOffer',
  weight: 16,
  idName: 'errandId',
  document:
    'mutation ($errandId: ID!, $input: MakeOfferInput!, $expectedVersion: Int, $key: String) { makeOffer(errandId: $errandId, input: $input, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay offer { id state } errand { id state version } } }',
  rule: { actors: ['runner'], from: ['OPEN'] },
  roles: ['RUNNER'],
  who: ({ market }, { random }) => random.pick(market.people.filter(({ role }) => role === 'RUNNER')),
  suits: (errand, { nowMs }) => errand.offers.filter((offer) => isLive(offer, nowMs)).length < 3,
  input(errand, hand, by) {
    const { random, nowMs } = hand;
    const { minor } = drawAmount(hand);
    const untilMs = random.chance(25) ? nowMs + random.int(1, 12) * hourMs : undefined;
    const isBad = minor < 1n || minor > amountMax || (untilMs !== undefined && untilMs > errand.expiresAtMs);
    const isOver = errand.expiresAtMs <= nowMs || isTooLateToStart(errand, nowMs);
    const isBlocked = by !== undefined && isBlockedBetween(by, errand.customer);
    const isSecond = errand.offers.some((offer) => offer.runner === by && isLive(offer, nowMs));
    return {
      variables: {
        input: {
          amountMinor: minor.toString(),
          ...(untilMs !== undefined && { expiresAt: new Date(untilMs).toISOString() }),
        },
      },
      label: `${minor}`,
      refused: [
        isBlocked && 'FORBIDDEN',
        isOver && 'ILLEGAL_TRANSITION',
        isBad && 'BAD_INPUT',
        isSecond && 'ALREADY_EXISTS',
      ].find((code) => code !== false),
      done: ({ offer }) => {
        errand.offers.push({
          name: `O${errand.offers.length + 1}`,
          id: offer!.id,
          runner: by!,
          amount: minor,
          expiresAtMs: untilMs ?? errand.expiresAtMs,
          round: 0,
          state: 'PENDING',
          version: 1,
        });
        return { errand };
      },
    };
  },
});

/** An offer with its errand: a live one that `fits`, or any. */
export function pickOffer(
  hand: Hand,
  malice: Malice,
  suits: (errand: Errand) => boolean,
  fits: (offer: Offer) => boolean = () => true,
): { errand: Errand; offer: Offer } | undefined {
  const { random, nowMs } = hand;
  if (malice === 'late' || (malice === 'state' && random.chance(50))) return pickDeadOffer(hand, suits);
  const isFitting = (offer: Offer): boolean => isLive(offer, nowMs) && fits(offer);
  const isOffered = (one: Errand): boolean => one.offers.some(isFitting);
  const hasOffers = ({ offers }: Errand): boolean => offers.length > 0;
  const errand = pickErrand(hand, malice, (one) => suits(one) && isOffered(one), hasOffers);
  const isBlind = malice === 'state' || malice === 'any';
  const offers = errand?.offers.filter((offer) => isBlind || isFitting(offer)) ?? [];
  return errand && offers.length > 0 ? { errand, offer: random.pick(offers) } : undefined;
}

/** One that was taken back or has run out, about an errand that takes offers all the same. */
function pickDeadOffer(
  { world, random, nowMs }: Hand,
  suits: (errand: Errand) => boolean,
): { errand: Errand; offer: Offer } | undefined {
  const found = world.errands
    .slice(-60)
    .filter(suits)
    .flatMap((errand) => errand.offers.filter((offer) => !isLive(offer, nowMs)).map((offer) => ({ errand, offer })));
  return found.length > 0 ? random.pick(found) : undefined;
}

/** Who may know of an offer at all. */
export function seesOffer(by: Person, errand: Errand, offer: Offer): boolean {
  return by.market === errand.market && (by === offer.runner || by === errand.customer || isStaff(by));
}

export const isOpen = ({ state }: Errand): boolean => state === 'OPEN';
export const isPending = ({ state }: Offer): boolean => state === 'PENDING';
const acceptRule: Rule = { actors: ['customer'], from: ['OPEN'] };

const acceptOffer: Play = {
  name: 'acceptOffer',
  weight: 11,
  draw(hand) {
    const { nowMs } = hand;
    const malice = maliceOf(hand);
    const found = pickOffer(hand, malice, isOpen, isPending);
    if (!found) return undefined;
    const { errand, offer } = found;
    const by = actorFor(hand, malice, errand, errand.customer);
    const expectedVersion = versionOf(hand, errand.version);
    const hidden = by && !seesOffer(by, errand, offer) ? 'NOT_FOUND' : undefined;
    const isOver = !isLive(offer, nowMs) || !isPending(offer) || isTooLateToStart(errand, nowMs);
    const refusal =
      hidden ?? refusalOf(acceptRule, errand, by, expectedVersion) ?? (isOver ? 'ILLEGAL_TRANSITION' : undefined);
    return {
      label: ['acceptOffer', errand.name, offer.name, versionLabel(expectedVersion), byLabel(by)]
        .filter(Boolean)
        .join(' '),
      by,
      document: `mutation ($offerId: ID!, $expectedVersion: Int, $key: String) { acceptOffer(offerId: $offerId, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay ${answer} } }`,
      variables: { offerId: offer.id, expectedVersion },
      about: errand,
      isKeyed: true,
      predicted: refusal
        ? { refused: [refusal] }
        : { done: ({ escrow }) => accepted(errand, offer, escrow!.id, nowMs) },
    };
  },
};

export function accepted(errand: Errand, offer: Offer, escrowId: string, nowMs: number) {
  offer.state = 'ACCEPTED';
  offer.version += 1;
  errand.runner = offer.runner;
  errand.fundByMs = nowMs + fundingWindowMs;
  const opened = errand.escrow?.disputesOpened ?? { customer: 0, runner: 0 };
  errand.escrow = {
    id: escrowId,
    service: offer.amount,
    goods: errand.goods,
    paid: { service: 0n, commission: 0n, vat: 0n },
    milestones: [],
    receipted: 0n,
    advanced: 0n,
    tips: 0n,
    runner: offer.runner,
    disputesOpened: opened,
    state: 'AWAITING_FUNDS',
    fundedAtMs: undefined,
    held: 0n,
    released: 0n,
    refunded: 0n,
  };
  moveTo(errand, 'AWAITING_FUNDING');
  return { errand, escrow: errand.escrow };
}

const withdrawOffer: Play = {
  name: 'withdrawOffer',
  weight: 2,
  draw(hand) {
    const { nowMs } = hand;
    const malice = maliceOf(hand);
    const found = pickOffer(hand, malice, ({ state }) => state === 'OPEN' || state === 'AWAITING_FUNDING');
    if (!found) return undefined;
    const { errand, offer } = found;
    const isTakenBack = offer.round % 2 === 1 && hand.random.chance(50);
    const by = actorFor(hand, malice, errand, isTakenBack ? errand.customer : offer.runner);
    const expectedVersion = versionOf(hand, offer.version);
    return {
      label: ['withdrawOffer', errand.name, offer.name, versionLabel(expectedVersion), byLabel(by)]
        .filter(Boolean)
        .join(' '),
      by,
      document:
        'mutation ($offerId: ID!, $expectedVersion: Int, $key: String) { withdrawOffer(offerId: $offerId, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay offer { id state } errand { id state version } } }',
      variables: { offerId: offer.id, expectedVersion },
      about: errand,
      isKeyed: true,
      predicted: withdrawal(errand, offer, by, expectedVersion, nowMs),
    };
  },
};

function withdrawal(errand: Errand, offer: Offer, by: Person | undefined, expected: number | undefined, nowMs: number) {
  if (!by) return { refused: ['UNAUTHENTICATED'] };
  if (!seesOffer(by, errand, offer)) return { refused: ['NOT_FOUND'] };
  const isOwnPrice = by === errand.customer && offer.round % 2 === 1;
  if (by !== offer.runner && !isOwnPrice) return { refused: ['FORBIDDEN'] };
  // Offers move with their errand too; what they are at is theirs to say.
  if (expected !== undefined && expected !== offer.version) return { refused: ['VERSION_CONFLICT'] };
  if (!isLive(offer, nowMs)) return { refused: ['ILLEGAL_TRANSITION'] };
  return {
    done: () => {
      offer.state = 'WITHDRAWN';
      offer.version += 1;
      return { errand };
    },
  };
}

export const offerPlays: readonly Play[] = [makeOffer, acceptOffer, withdrawOffer];
