import type { Sighting } from './checker.js';
import {
  CheckAcceptDocument,
  CheckCancelDocument,
  CheckConfirmDocument,
  CheckFundDocument,
  CheckOfferDocument,
  CheckPostDocument,
  CheckProfileDocument,
  CheckProofDocument,
  CheckPublishDocument,
  CheckStartDocument,
  CheckUpdateDocument,
  type CheckedErrandFragment,
  type CheckedEscrowFragment,
} from './generated/graphql.js';
import { errandSeen, escrowSeen, userSeen, type Hand, type Story } from './load.world.js';
import { errandInput } from './market.js';

const offerMinor = 300_000;

/** One write of a random kind through a random server. */
export async function writeSomething(hand: Hand): Promise<void> {
  const { random, world } = hand;
  world.counts.writes += 1;
  const dice = random.int(1, 100);
  if (dice <= 8) return changeProfile(hand);
  const open = world.stories.filter((story) => isChangeable(story) && (!story.offer || random.chance(10)));
  if (dice <= 50 && open.length > 0) return update(hand, random.pick(open));
  const idle = world.stories.filter(isMovable);
  return dice <= 88 && idle.length > 0 ? move(hand, random.pick(idle)) : post(hand);
}

function isChangeable({ state, isMoving }: Story): boolean {
  return (state === 'OPEN' || state === 'DRAFT') && !isMoving;
}

function isMovable({ state, isMoving, updates }: Story): boolean {
  return state in roads && !isMoving && updates === 0;
}

/** Runs one mutation and tells the checker before and after. */
async function write<Data>(
  { world: { checker } }: Hand,
  ids: readonly string[],
  send: () => Promise<Data | undefined>,
  seen: (data: Data) => readonly Sighting[],
): Promise<Data | undefined> {
  const writing = checker.writing(ids);
  const data = await send();
  if (data) writing.answered(seen(data));
  else writing.unanswered();
  return data;
}

async function changeProfile(hand: Hand): Promise<void> {
  const { random, world } = hand;
  const player = random.pick([...world.customers, ...world.runners]);
  const input = { displayName: `Name ${world.next()}` };
  await write(
    hand,
    [player.id],
    () => hand.ask(player, CheckProfileDocument, { input }),
    ({ updateProfile }) => [userSeen(updateProfile.user)],
  );
}

async function post(hand: Hand): Promise<void> {
  const { random, world } = hand;
  const customer = random.pick(world.customers);
  const publish = random.chance(75);
  const input = errandInput({ title: `Errand ${world.next()}`, area: random.pick(world.areas), publish });
  const data = await write(
    hand,
    [],
    () => hand.ask(customer, CheckPostDocument, { input }),
    ({ postErrand }) => [errandSeen(postErrand.errand)],
  );
  if (!data) return;
  const { id, state } = data.postErrand.errand;
  world.stories.push({ id, customer, state, updates: 0, isMoving: false });
}

async function update(hand: Hand, story: Story): Promise<void> {
  const { random, world } = hand;
  const title = `Errand ${world.next()}`;
  const input = random.chance(20) ? { title, area: random.pick(world.areas) } : { title };
  story.updates += 1;
  // Its offer was made on the errand as it was, and lapses.
  delete story.offer;
  await write(
    hand,
    [story.id],
    () => hand.ask(story.customer, CheckUpdateDocument, { id: story.id, input }),
    ({ updateErrand }) => [errandSeen(updateErrand.errand)],
  );
  story.updates -= 1;
}

interface Moved {
  readonly errand: CheckedErrandFragment & { readonly escrow?: CheckedEscrowFragment | null };
  readonly escrow?: CheckedEscrowFragment | null;
}

/** Where a story can go from each state, with the mutation that takes it there. */
const roads: { readonly [State in Story['state']]?: (hand: Hand, story: Story) => Promise<Moved | undefined> } = {
  DRAFT: async (hand, { id, customer }) => (await hand.ask(customer, CheckPublishDocument, { id }))?.publishErrand,
  OPEN: (hand, story) => (story.offer ? accept(hand, story, story.offer) : offer(hand, story)),
  AWAITING_FUNDING: async (hand, { id, customer }) =>
    (await hand.ask(customer, CheckFundDocument, { errandId: id }))?.fundEscrow,
  ASSIGNED: async (hand, { id, runner }) => runner && (await hand.ask(runner, CheckStartDocument, { id }))?.startErrand,
  IN_PROGRESS: async (hand, { id, runner }) => {
    const proofs = [{ kind: 'PHOTO' as const, sha256: 'ab'.repeat(32) }];
    return runner && (await hand.ask(runner, CheckProofDocument, { id, proofs }))?.submitProof;
  },
  DELIVERED: async (hand, { id, customer }) =>
    (await hand.ask(customer, CheckConfirmDocument, { errandId: id }))?.confirmDelivery,
};

const cancellable: ReadonlySet<Story['state']> = new Set(['OPEN', 'AWAITING_FUNDING', 'ASSIGNED']);

async function move(hand: Hand, story: Story): Promise<void> {
  const cancels = cancellable.has(story.state) && hand.random.chance(8);
  const road = cancels ? cancel : roads[story.state];
  story.isMoving = true;
  const ids = story.escrowId ? [story.id, story.escrowId] : [story.id];
  const moved = await write(hand, ids, async () => road?.(hand, story), sightingsOf);
  // A story whose move was not answered stands still for good: nobody knows where it is.
  if (!moved) return;
  story.state = moved.errand.state;
  story.isMoving = false;
}

function sightingsOf({ errand, escrow }: Moved): readonly Sighting[] {
  const money = escrow ?? errand.escrow;
  return money ? [errandSeen(errand), escrowSeen(money)] : [errandSeen(errand)];
}

async function offer(hand: Hand, story: Story): Promise<Moved | undefined> {
  const runner = hand.random.pick(hand.world.runners);
  const input = { amountMinor: offerMinor };
  const made = (await hand.ask(runner, CheckOfferDocument, { errandId: story.id, input }))?.makeOffer;
  if (made) story.offer = { id: made.offer.id, runner };
  return made;
}

async function accept(
  hand: Hand,
  story: Story,
  { id, runner }: NonNullable<Story['offer']>,
): Promise<Moved | undefined> {
  const accepted = (await hand.ask(story.customer, CheckAcceptDocument, { offerId: id }))?.acceptOffer;
  if (accepted) Object.assign(story, { runner, escrowId: accepted.escrow.id });
  return accepted;
}

async function cancel(hand: Hand, story: Story): Promise<Moved | undefined> {
  const { id, customer, state } = story;
  const cancelled = (await hand.ask(customer, CheckCancelDocument, { id }))?.cancelErrand;
  // Called off before it was funded, it was never the runner's errand.
  if (cancelled && state === 'AWAITING_FUNDING') story.isRunnerReleased = true;
  return cancelled;
}
