import { closeOffersOf } from '../model/timers.js';
import { endStates, isLive, type Person } from '../model/world.js';
import { anybody, byLabel, type Attempt, type Hand, type Payload, type Play } from './attempt.js';

/** Somebody and whom they want nothing to do with, or want to do with again. */
interface Pair {
  readonly by: Person | undefined;
  readonly other: Person;
}

const document = (name: string): string =>
  `mutation ($userId: ID!, $key: String) { ${name}(userId: $userId, idempotencyKey: $key) { isReplay user { id } } }`;

const blockUser: Play = {
  name: 'blockUser',
  weight: 2,
  draw(hand) {
    const pair = hand.isWild ? anyPair(hand) : bidPair(hand);
    if (!pair) return undefined;
    const { by, other } = pair;
    const isSelf = by === other ? 'BAD_INPUT' : undefined;
    return attempt('blockUser', pair, isSelf, () => {
      if (by!.blocked.has(other)) return undefined;
      by!.blocked.add(other);
      for (const errand of hand.world.errands) {
        if (errand.customer === other) closeOffersOf(errand, by!, 'WITHDRAWN');
        if (errand.customer === by) closeOffersOf(errand, other, 'REJECTED');
      }
      return undefined;
    });
  },
};

const unblockUser: Play = {
  name: 'unblockUser',
  weight: 4,
  draw(hand) {
    const blocking = hand.world.people.flatMap((by) => [...by.blocked].map((other) => ({ by, other })));
    const pair = hand.isWild ? anyPair(hand) : blocking.length > 0 ? hand.random.pick(blocking) : undefined;
    return (
      pair &&
      attempt('unblockUser', pair, undefined, () => {
        pair.by!.blocked.delete(pair.other);
        return undefined;
      })
    );
  },
};

function anyPair(hand: Hand): Pair {
  return { by: anybody(hand), other: hand.random.pick(hand.world.people) };
}

/** A customer and somebody who has bid, or the other way round. */
function bidPair({ world, random, nowMs }: Hand): Pair | undefined {
  const bids = world.errands
    .slice(-60)
    .filter(({ state }) => !endStates.includes(state))
    .flatMap(({ customer, offers }) =>
      offers.filter((offer) => isLive(offer, nowMs)).map(({ runner }) => ({ by: customer, other: runner })),
    );
  if (bids.length === 0) return undefined;
  const { by, other } = random.pick(bids);
  return random.chance(50) ? { by, other } : { by: other, other: by };
}

function attempt(
  name: 'blockUser' | 'unblockUser',
  { by, other }: Pair,
  refused: string | undefined,
  done: (payload: Payload) => undefined,
): Attempt {
  const hidden = by && by.market !== other.market ? 'NOT_FOUND' : undefined;
  const refusal = by ? (hidden ?? refused) : 'UNAUTHENTICATED';
  return {
    label: `${name} ${other.name} ${byLabel(by)}`,
    by,
    document: document(name),
    variables: { userId: other.id },
    about: undefined,
    isKeyed: true,
    predicted: refusal ? { refused: [refusal] } : { done },
  };
}

export const blockPlays: readonly Play[] = [blockUser, unblockUser];
