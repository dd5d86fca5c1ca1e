import { refusalOf, type Rule } from '../model/rules.js';
import { amountMax, isLive, isTooLateToStart, type Errand, type Offer, type Person } from '../model/world.js';
import { actorFor, byLabel, drawAmount, maliceOf, versionLabel, versionOf, type Play } from './attempt.js';
import { answer } from './escrow.plays.js';
import { accepted, isOpen, isPending, pickOffer, seesOffer } from './offer.plays.js';

/** A customer names five prices to one offer at most. */
const countersMax = 5;

const isCountered = ({ state }: Offer): boolean => state === 'COUNTERED';

interface Turn {
  readonly name: 'counterOffer' | 'answerCounter' | 'acceptCounter';
  readonly weight: number;
  /** Whose turn it is. */
  readonly isRunners: boolean;
  readonly document: string;
}

/** What somebody says to a price: another one, or yes. */
function turnPlay({ name, weight, isRunners, document }: Turn): Play {
  const rule: Rule = { actors: [isRunners ? 'runner' : 'customer'], from: ['OPEN'] };
  const fits = isRunners ? isCountered : isPending;
  return {
    name,
    weight,
    draw(hand) {
      const { nowMs } = hand;
      const malice = maliceOf(hand);
      const found = pickOffer(hand, malice, isOpen, fits);
      if (!found) return undefined;
      const { errand, offer } = found;
      const by = actorFor(hand, malice, errand, isRunners ? offer.runner : errand.customer);
      const expectedVersion = versionOf(hand, errand.version);
      const minor = name === 'acceptCounter' ? offer.amount : drawAmount(hand).minor;
      const isOver = !isLive(offer, nowMs) || !fits(offer) || isTooLateToStart(errand, nowMs);
      const refusal =
        closedTo(by, errand, offer, isRunners) ??
        refusalOf(rule, errand, by, expectedVersion) ??
        (isOver ? 'ILLEGAL_TRANSITION' : undefined) ??
        (!isRunners && offer.round >= 2 * countersMax ? 'LIMIT_EXCEEDED' : undefined) ??
        (minor < 1n || minor > amountMax ? 'BAD_INPUT' : undefined);
      const input = name === 'acceptCounter' ? {} : { input: { amountMinor: minor.toString() } };
      return {
        label: [name, errand.name, offer.name, `${minor}`, versionLabel(expectedVersion), byLabel(by)]
          .filter(Boolean)
          .join(' '),
        by,
        document,
        variables: { offerId: offer.id, expectedVersion, ...input },
        about: errand,
        isKeyed: true,
        predicted: refusal
          ? { refused: [refusal] }
          : {
              done: (payload) =>
                name === 'acceptCounter'
                  ? accepted(errand, offer, payload.escrow!.id, nowMs)
                  : named(errand, offer, payload.offer!.id, minor),
            },
      };
    },
  };
}

/** The role is asked for before the offer is looked for. */
function closedTo(by: Person | undefined, errand: Errand, offer: Offer, isRunners: boolean): string | undefined {
  if (!by) return undefined;
  if (isRunners && by.role !== 'RUNNER') return 'FORBIDDEN';
  return seesOffer(by, errand, offer) ? undefined : 'NOT_FOUND';
}

function named(errand: Errand, answered: Offer, id: string, amount: bigint) {
  answered.state = 'SUPERSEDED';
  answered.version += 1;
  const round = answered.round + 1;
  const { runner, expiresAtMs } = answered;
  const state = round % 2 === 1 ? 'COUNTERED' : 'PENDING';
  errand.offers.push({
    name: `O${errand.offers.length + 1}`,
    id,
    runner,
    amount,
    expiresAtMs,
    round,
    state,
    version: 1,
  });
  return { errand };
}

function priced(name: 'counterOffer' | 'answerCounter'): string {
  return `mutation ($offerId: ID!, $input: CounterOfferInput!, $expectedVersion: Int, $key: String) { ${name}(offerId: $offerId, input: $input, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay offer { id state } errand { id state version } } }`;
}

export const counterPlays: readonly Play[] = [
  turnPlay({ name: 'counterOffer', weight: 4, isRunners: false, document: priced('counterOffer') }),
  turnPlay({ name: 'answerCounter', weight: 2, isRunners: true, document: priced('answerCounter') }),
  turnPlay({
    name: 'acceptCounter',
    weight: 4,
    isRunners: true,
    document: `mutation ($offerId: ID!, $expectedVersion: Int, $key: String) { acceptCounter(offerId: $offerId, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay ${answer} } }`,
  }),
];
