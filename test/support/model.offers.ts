import { newEscrow } from './model.money.js';
import { kindOf, refuse, type Kind, type ModelErrand, type ModelOffer, type State, type Who } from './model.type.js';

type Permit = (e: ModelErrand, who: Who, allowed: readonly Kind[], from: readonly State[]) => Kind;
type Turn = 'customer' | 'runner';

const day = 86_400_000;

/** What is done about offers, and the prices that runner and customer answer each other with. */
export function offerMoves(permit: Permit, isTooLate: (e: ModelErrand, now: number) => boolean) {
  /** The offer of a runner, for who may know of it. */
  function sight(e: ModelErrand, who: Who, from: Who): ModelOffer {
    const kind = kindOf(e, who);
    if (who !== from && kind !== 'customer' && kind !== 'staff') refuse('NOT_FOUND');
    return e.offers.get(from)!;
  }
  /** The offer that waits for the one who asks, if it is their turn. */
  function onTurn(e: ModelErrand, who: Who, now: number, from: Who, turn: Turn): ModelOffer {
    const offer = sight(e, who, from);
    if (turn === 'runner' && who !== from) refuse('FORBIDDEN');
    permit(e, who, turn === 'runner' ? ['runner', 'assignedRunner'] : ['customer'], ['OPEN']);
    const isTheirs = offer.state === (turn === 'runner' ? 'COUNTERED' : 'PENDING');
    if (!isTheirs || e.expiresAt <= now || isTooLate(e, now)) refuse('ILLEGAL_TRANSITION');
    return offer;
  }

  return {
    offer(e: ModelErrand, who: Who, now: number, amount: bigint) {
      permit(e, who, ['runner', 'assignedRunner'], ['OPEN']);
      if (e.expiresAt <= now || isTooLate(e, now)) refuse('ILLEGAL_TRANSITION');
      const own = e.offers.get(who)?.state;
      if (own === 'PENDING' || own === 'COUNTERED') refuse('ALREADY_EXISTS');
      e.offers.set(who, { amount, round: 0, state: 'PENDING' });
    },
    withdrawOffer(e: ModelErrand, who: Who, now: number, from: Who) {
      const offer = sight(e, who, from);
      if (who !== from && !(who === e.customer && offer.round % 2 === 1)) refuse('FORBIDDEN');
      const isLive = offer.state === 'PENDING' || offer.state === 'COUNTERED';
      if (!isLive || e.expiresAt <= now) refuse('ILLEGAL_TRANSITION');
      offer.state = 'CLOSED';
    },
    namePrice(e: ModelErrand, who: Who, now: number, from: Who, turn: Turn, amount: bigint) {
      const { round } = onTurn(e, who, now, from, turn);
      if (turn === 'customer' && round >= 10) refuse('LIMIT_EXCEEDED');
      e.offers.set(from, { amount, round: round + 1, state: turn === 'runner' ? 'PENDING' : 'COUNTERED' });
    },
    accept(e: ModelErrand, who: Who, now: number, from: Who, turn: Turn = 'customer') {
      const offer = onTurn(e, who, now, from, turn);
      offer.state = 'ACCEPTED';
      [e.state, e.runner, e.fundBy] = ['AWAITING_FUNDING', from, now + day];
      e.escrow = newEscrow(offer.amount, e.goodsBudget);
    },
  };
}
