import { closeOffers, forgetRunner, moveTo } from '../model/timers.js';
import { calledOff, givenBack, payOut } from '../model/money.js';
import {
  endStates,
  hasReleased,
  hourMs,
  isTooLateToStart,
  type Errand,
  type Person,
  type Phase,
} from '../model/world.js';
import {
  byLabel,
  drawAmount,
  errandPlay,
  type Attempt,
  type Hand,
  type Payload,
  type Play,
  type Seen,
} from './attempt.js';

const answer = 'errand { id state version }';
const inspectionMs = 72 * hourMs;

/** So many errands are under way at once, that each moves on. */
const underWayMax = 24;

const post: Play = {
  name: 'postErrand',
  weight: 10,
  draw(hand) {
    const { world, random, isWild } = hand;
    const underWay = world.errands.filter(({ state }) => !endStates.includes(state)).length;
    if (!isWild && underWay >= underWayMax) return undefined;
    const by =
      isWild && random.chance(15) ? undefined : random.pick(world.people.filter(({ role }) => role === 'CUSTOMER'));
    return postAttempt(hand, by);
  },
};

function postAttempt(hand: Hand, by: Person | undefined): Attempt {
  const { world, random, nowMs, isWild, step } = hand;
  const market = by?.market ?? world.markets[0]!;
  const budget = drawAmount(hand);
  const goods = random.chance(40) ? BigInt(random.int(0, 200_000)) : 0n;
  const goodsInAdvance = random.chance(50);
  const currency = isWild && random.chance(20) ? random.pick(world.markets).currency : market.currency;
  const expiresAtMs = nowMs + (isWild && random.chance(20) ? -hourMs : random.int(6, 7 * 24) * hourMs);
  const startByMs = random.chance(45) ? nowMs + random.int(1, 30) * hourMs : undefined;
  const publish = random.chance(80);
  const requires: readonly Phase[] = random.pick([[], [], [], ['PICKUP'], ['DROPOFF'], ['PICKUP', 'DROPOFF']]);
  const isValid = budget.isValid && currency === market.currency && expiresAtMs > nowMs;
  const input = {
    title: `Errand ${step}`,
    description: 'Two boxes from the park.',
    category: 'PICKUP',
    area: 'Yaba',
    pickupAddress: `${step} Secret Street`,
    budget: { minor: budget.minor.toString(), currency },
    goodsBudget: { minor: goods.toString(), currency },
    goodsInAdvance,
    requiresCodes: requires,
    expiresAt: new Date(expiresAtMs).toISOString(),
    ...(startByMs !== undefined && { startBy: new Date(startByMs).toISOString() }),
    publish,
  };
  const done = ({ errand }: Payload): Seen => {
    const posted: Errand = {
      name: `E${world.errands.length + 1}`,
      id: errand!.id,
      market,
      customer: by!,
      budget: budget.minor,
      goods,
      goodsInAdvance,
      startByMs,
      expiresAtMs,
      offers: [],
      retired: [],
      state: publish ? 'OPEN' : 'DRAFT',
      version: publish ? 2 : 1,
      wasPublished: publish,
      runner: undefined,
      fundByMs: undefined,
      autoReleaseAtMs: undefined,
      completedAtMs: undefined,
      receipts: 0,
      requires,
      codes: {},
      codesIssuedAtMs: [],
      reviews: {},
      escrow: undefined,
      dispute: undefined,
    };
    world.errands.push(posted);
    return { errand: posted };
  };
  const refused = by ? 'BAD_INPUT' : 'UNAUTHENTICATED';
  return {
    label: `postErrand ${budget.minor}+${goods} ${currency} ${publish ? 'open' : 'draft'} ${byLabel(by)}`,
    by,
    document: `mutation ($input: PostErrandInput!, $key: String) { postErrand(input: $input, idempotencyKey: $key) { isReplay ${answer} } }`,
    variables: { input },
    about: undefined,
    isKeyed: true,
    predicted: by && isValid ? { done } : { refused: [refused] },
  };
}

function mutation(name: string, more = '', pass = '', fields = answer): string {
  return `mutation ($id: ID!, $expectedVersion: Int, $key: String${more}) { ${name}(id: $id, expectedVersion: $expectedVersion, idempotencyKey: $key${pass}) { isReplay ${fields} } }`;
}

const update = errandPlay({
  name: 'updateErrand',
  weight: 3,
  document: mutation('updateErrand', ', $input: UpdateErrandInput!', ', input: $input'),
  rule: { actors: ['customer'], from: ['DRAFT', 'OPEN'] },
  who: ({ customer }) => customer,
  input: (errand, { step }) => ({
    variables: { input: { title: `Errand ${step}, put better` } },
    done: () => {
      if (errand.state === 'OPEN') closeOffers(errand, 'PENDING', 'SUPERSEDED');
      errand.version += 1;
      return { errand };
    },
  }),
});

const publish = errandPlay({
  name: 'publishErrand',
  weight: 5,
  document: mutation('publishErrand'),
  rule: { actors: ['customer'], from: ['DRAFT'] },
  who: ({ customer }) => customer,
  input: (errand, { nowMs }) => ({
    refused: errand.expiresAtMs <= nowMs || isTooLateToStart(errand, nowMs) ? 'BAD_INPUT' : undefined,
    done: () => {
      moveTo(errand, 'OPEN');
      errand.wasPublished = true;
      return { errand };
    },
  }),
});

const submitProof = errandPlay({
  name: 'submitProof',
  weight: 9,
  document: mutation('submitProof', ', $proofs: [ProofInput!]!', ', proofs: $proofs'),
  rule: { actors: ['assignedRunner'], from: ['IN_PROGRESS'] },
  who: ({ runner }) => runner,
  input(errand, { random, nowMs, isWild }) {
    const photo = { kind: 'PHOTO', sha256: 'ab'.repeat(32) };
    const proofs = isWild && random.chance(50) ? random.pick([[], [{ ...photo, sha256: 'none' }]]) : [photo];
    return {
      variables: { proofs },
      label: proofs[0] === photo ? '' : 'without proof',
      refused: proofs[0] === photo ? undefined : 'BAD_INPUT',
      done: () => {
        moveTo(errand, 'DELIVERED');
        // Where a code is asked for at the door, silence does not pay.
        errand.autoReleaseAtMs = errand.requires.includes('DROPOFF') ? undefined : nowMs + inspectionMs;
        return { errand };
      },
    };
  },
});

const cancel = errandPlay({
  name: 'cancelErrand',
  weight: 3,
  document: mutation('cancelErrand', '', '', `${answer} escrow { id state released { minor } refunded { minor } }`),
  rule: { actors: ['customer'], from: ['DRAFT', 'OPEN', 'AWAITING_FUNDING', 'ASSIGNED'] },
  who: ({ customer }) => customer,
  input: (errand, { nowMs }) => ({
    done: () => {
      if (errand.state === 'ASSIGNED') {
        payOut(errand, errand.escrow!, calledOff(errand.escrow!, nowMs), 'calledOff');
      } else {
        closeOffers(errand, 'PENDING', 'REJECTED');
        if (errand.escrow) errand.escrow.state = 'VOID';
        forgetRunner(errand);
      }
      closeOffers(errand, 'ACCEPTED', 'REJECTED');
      moveTo(errand, 'CANCELLED');
      return { errand, escrow: errand.escrow };
    },
  }),
});

const drop = errandPlay({
  name: 'dropErrand',
  weight: 2,
  document: mutation('dropErrand', '', '', `${answer} escrow { id state released { minor } refunded { minor } }`),
  rule: { actors: ['assignedRunner', 'staff'], from: ['ASSIGNED', 'IN_PROGRESS'] },
  who: (errand, { random }) => (random.chance(80) ? errand.runner : supportOf(errand)),
  suits: ({ escrow }) => escrow !== undefined && !hasReleased(escrow),
  input: (errand) => ({
    refused: errand.escrow && hasReleased(errand.escrow) ? 'ILLEGAL_TRANSITION' : undefined,
    done: () => {
      const escrow = errand.escrow!;
      payOut(errand, escrow, givenBack(escrow), 'calledOff');
      closeOffers(errand, 'ACCEPTED', 'WITHDRAWN');
      forgetRunner(errand);
      errand.autoReleaseAtMs = undefined;
      errand.codes = {};
      errand.retired.push(escrow);
      errand.escrow = undefined;
      moveTo(errand, 'OPEN');
      return { errand, escrow };
    },
  }),
});

function supportOf({ market }: Errand): Person | undefined {
  return market.people.find(({ role }) => role === 'SUPPORT');
}

export const errandPlays: readonly Play[] = [post, update, publish, submitProof, cancel, drop];
