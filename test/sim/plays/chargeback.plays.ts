import type { Client } from 'pg';
import type { Charge, Chargeback } from '../model/charge.js';
import { amountMax, type Person } from '../model/world.js';
import { anybody, byLabel, type Attempt, type Hand, type Play } from './attempt.js';

const chargeback: Play = {
  name: 'recordChargeback',
  weight: 3,
  draw(hand) {
    const { world, random, isWild } = hand;
    if (world.charges.length === 0) return undefined;
    const charge = random.pick(world.charges.slice(-40));
    const by = isWild ? anybody(hand) : financeOf(charge);
    if (!by && !isWild) return undefined;
    const earlier = charge.backs.length > 0 && random.chance(30) ? random.pick(charge.backs) : undefined;
    const { name, eventId } = earlier ?? { name: `event ${hand.step}`, eventId: `event ${hand.step}` };
    const left = leftOf(charge);
    const amount = drawBack(hand, charge, earlier, left);
    return backAttempt(charge, by, { name, eventId, earlier, amount, left, byHouse: random.chance(20) });
  },
};

/** What can still be taken back of a charge, by our books. */
export function leftOf({ amount, backs }: Charge): bigint {
  return amount - backs.reduce((sum, back) => (back.isReversed ? sum : sum + back.amount), 0n);
}

function financeOf({ person: { market } }: Charge): Person | undefined {
  return market.people.find(({ role }) => role === 'FINANCE');
}

function drawBack({ random, isWild }: Hand, charge: Charge, earlier: Chargeback | undefined, left: bigint): bigint {
  if (isWild && random.chance(40)) return random.pick([0n, -5n, charge.amount + 1n, left + 1n]);
  if (earlier && random.chance(70)) return earlier.amount;
  const most = left > 0n ? left : charge.amount;
  return random.chance(50) ? most : most / 2n || 1n;
}

interface Back {
  readonly name: string;
  readonly eventId: string;
  readonly earlier: Chargeback | undefined;
  readonly amount: bigint;
  readonly left: bigint;
  readonly byHouse: boolean;
  readonly isTold?: boolean;
}

function backAttempt(charge: Charge, by: Person | undefined, back: Back): Attempt {
  const { name, eventId, amount, byHouse } = back;
  const { market } = charge.person;
  const refusal = backRefusal(charge, by, back);
  return {
    label: `recordChargeback ${charge.name} ${name} ${amount}${byHouse ? ' by the house' : ''} ${byLabel(by)}`,
    by,
    document: 'mutation ($input: ChargebackInput!) { recordChargeback(input: $input) { isReplay journal { id } } }',
    variables: {
      input: {
        provider: 'sandbox',
        providerRef: charge.providerRef,
        eventId,
        amount: { minor: amount.toString(), currency: market.currency },
        reason: 'The card was stolen.',
        bearer: byHouse ? 'HOUSE' : 'USER',
      },
    },
    about: undefined,
    isKeyed: false,
    predicted: refusal ? { refused: [refusal] } : { done: ({ journal }) => takenBack(charge, back, journal!.id) },
  };
}

function backRefusal(charge: Charge, by: Person | undefined, { earlier, amount, left }: Back): string | undefined {
  if (!by) return 'UNAUTHENTICATED';
  if (by.role !== 'FINANCE') return 'FORBIDDEN';
  if (by.market !== charge.person.market || charge.isPending) return 'NOT_FOUND';
  if (amount < 1n || amount > amountMax) return 'BAD_INPUT';
  if (earlier) return earlier.amount === amount ? undefined : 'ALREADY_EXISTS';
  return amount > left ? 'LIMIT_EXCEEDED' : undefined;
}

/** From the wallet what it holds, the rest is owed. An event that was told before moves nothing. */
export function takenBack(
  charge: Charge,
  { name, eventId, earlier, amount, byHouse, isTold = false }: Back,
  journalId: string,
): undefined {
  if (earlier) return;
  const { person } = charge;
  const { house } = person.market;
  const taken = byHouse ? 0n : person.wallet < amount ? person.wallet : amount;
  person.wallet -= taken;
  if (byHouse) house.chargebacks += amount;
  else person.owed += amount - taken;
  house.received -= amount;
  charge.backs.push({ name, eventId, journalId, amount, taken, byHouse, isTold, isReversed: false });
}

const reverse: Play = {
  name: 'reverseJournal',
  weight: 2,
  draw(hand) {
    const { world, random, isWild } = hand;
    if (world.charges.length === 0) return undefined;
    const booked = world.charges.slice(-40).filter(({ isPending }) => !isPending);
    if (booked.length === 0) return undefined;
    const charge = random.pick(booked);
    const back = charge.backs.length > 0 && random.chance(80) ? random.pick(charge.backs) : undefined;
    const by = isWild ? anybody(hand) : financeOf(charge);
    if (!by && !isWild) return undefined;
    const refusal = reversalRefusal(charge, back, by);
    return {
      label: `reverseJournal ${charge.name} ${back?.name ?? 'itself'} ${byLabel(by)}`,
      by,
      document:
        'mutation ($journalId: ID!, $reason: String!) { reverseJournal(journalId: $journalId, reason: $reason) { journal { id } } }',
      variables: { journalId: back?.journalId, reason: 'The provider gave it back.' },
      ...(!back && { lookUp: (rows) => journalOf(charge, rows) }),
      about: undefined,
      isKeyed: false,
      predicted: refusal ? { refused: refusal } : { done: () => takenAway(charge, back) },
    };
  },
};

/** The booking that a charge made, which no answer names. */
async function journalOf({ providerRef }: Charge, rows: Client): Promise<Readonly<Record<string, unknown>>> {
  const { rows: found } = await rows.query<{ id: string }>(
    `SELECT j.id FROM journal j JOIN charge c ON j.business_ref = 'charge:' || c.id
     WHERE c.provider_ref = $1 AND j.kind <> 'charge.chargeback' AND j.reverses_id IS NULL`,
    [providerRef],
  );
  return { journalId: found[0]!.id };
}

function reversalRefusal(
  { person, amount, isReversed }: Charge,
  back: Chargeback | undefined,
  by: Person | undefined,
): readonly string[] | undefined {
  if (!by) return ['UNAUTHENTICATED'];
  if (by.role !== 'FINANCE') return ['FORBIDDEN'];
  if (by.market !== person.market) return ['NOT_FOUND'];
  // What was taken back before may be spent by now as well; either is true.
  if (back ? back.isReversed : isReversed) return ['ALREADY_EXISTS', 'INSUFFICIENT_FUNDS'];
  const wouldOwe = back && !back.byHouse ? back.amount - back.taken : 0n;
  const isSpent = back ? person.owed < wouldOwe : person.wallet < amount;
  return isSpent ? ['INSUFFICIENT_FUNDS'] : undefined;
}

function takenAway(charge: Charge, back: Chargeback | undefined): undefined {
  const { person } = charge;
  const { house } = person.market;
  if (!back) {
    charge.isReversed = true;
    person.wallet -= charge.amount;
    house.received -= charge.amount;
    return;
  }
  back.isReversed = true;
  house.received += back.amount;
  if (back.byHouse) {
    house.chargebacks -= back.amount;
  } else {
    person.wallet += back.taken;
    person.owed -= back.amount - back.taken;
  }
}

export const chargebackPlays: readonly Play[] = [chargeback, reverse];
