import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
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
} from '../../support/generated/graphql.js';
import { errandInput } from '../../support/market.js';
import type { Sighting } from '../verdict/judge.js';
import { pickSlot, send, shineOn, type Hand, type Player, type Story } from './world.js';

const offerMinor = 300_000;
/** Of these the oldest are worked off before new ones are posted, so that lists stay short enough to be shown whole. */
const storiesUnderWayMax = 10;

/** One write of a random kind through a random process. */
export async function writeSomething(hand: Hand): Promise<void> {
  const { random, world } = hand;
  const dice = random.int(1, 100);
  if (dice <= 8) return changeProfile(hand);
  const underWay = world.stories.filter(({ state }) => state in roads || state === 'DRAFT');
  if (underWay.length < storiesUnderWayMax) return post(hand);
  const open = underWay.filter(isChangeable);
  if (dice <= 30 && open.length > 0) return update(hand, random.pick(open));
  const idle = underWay.filter(({ isMoving, updates }) => !isMoving && updates === 0);
  return idle.length > 0 ? move(hand, random.pick(idle)) : changeProfile(hand);
}

function isChangeable({ state, isMoving, offerId }: Story): boolean {
  return (state === 'OPEN' || state === 'DRAFT') && !isMoving && !offerId;
}

interface Changed {
  readonly errand?: Sighting & { readonly state: string; readonly escrow?: Sighting | null };
  readonly escrow?: Sighting | null;
  readonly user?: Sighting;
}

/** Sends a mutation and notes what it was answered with. @returns undefined when it was refused or nobody knows */
async function write<Data, Variables>(
  hand: Hand,
  who: Player,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  changed: (data: Data) => Changed,
): Promise<Data | undefined> {
  const { answered, tally } = hand.world;
  const reply = await send(hand, await pickSlot(hand), who, document, variables);
  if (reply.kind === 'refused') tally.refuse(`write ${reply.code}`);
  if (reply.kind !== 'data') return undefined;
  const { errand, user, escrow = errand?.escrow } = changed(reply.data);
  for (const sighting of [errand, user, escrow]) if (sighting) answered.note(sighting.id, sighting.version);
  if (escrow) tally.wrote('strict');
  if (errand || user) tally.wrote('acked');
  return reply.data;
}

async function changeProfile(hand: Hand): Promise<void> {
  const { random, world } = hand;
  const player = random.pick([...world.customers, ...world.runners]);
  const input = { displayName: `Name ${world.next()}` };
  shineOn(world, player);
  await write(hand, player, CheckProfileDocument, { input }, ({ updateProfile }) => updateProfile);
}

async function post(hand: Hand): Promise<void> {
  const { random, world } = hand;
  const customer = random.pick(world.customers);
  const title = `Errand ${world.next()}`;
  const input = errandInput({ title, area: random.pick(world.areas), publish: random.chance(80) });
  const data = await write(hand, customer, CheckPostDocument, { input }, ({ postErrand }) => postErrand);
  if (!data) return;
  const { id, state } = data.postErrand.errand;
  const story: Story = { id, customer, state, updates: 0, isMoving: false };
  world.stories.push(story);
  shineOn(world, story);
}

async function update(hand: Hand, story: Story): Promise<void> {
  const { random, world } = hand;
  const { id, customer } = story;
  const title = `Errand ${world.next()}`;
  const input = random.chance(20) ? { title, area: random.pick(world.areas) } : { title };
  story.updates += 1;
  shineOn(world, story);
  await write(hand, customer, CheckUpdateDocument, { id, input }, ({ updateErrand }) => updateErrand);
  story.updates -= 1;
}

/** The mutation that takes a story on from each state. @returns whether it was answered */
const roads: Readonly<Record<string, (hand: Hand, story: Story) => Promise<boolean>>> = {
  DRAFT: async (hand, { id, customer }) =>
    !!(await write(hand, customer, CheckPublishDocument, { id }, ({ publishErrand }) => publishErrand)),
  OPEN: (hand, story) => (story.offerId ? accept(hand, story, story.offerId) : offer(hand, story)),
  AWAITING_FUNDING: async (hand, { id: errandId, customer }) =>
    !!(await write(hand, customer, CheckFundDocument, { errandId }, ({ fundEscrow }) => fundEscrow)),
  ASSIGNED: async (hand, { id, runner }) =>
    !!runner && !!(await write(hand, runner, CheckStartDocument, { id }, ({ startErrand }) => startErrand)),
  IN_PROGRESS: async (hand, { id, runner }) => {
    const proofs = [{ kind: 'PHOTO' as const, sha256: 'ab'.repeat(32) }];
    return (
      !!runner && !!(await write(hand, runner, CheckProofDocument, { id, proofs }, ({ submitProof }) => submitProof))
    );
  },
  DELIVERED: async (hand, { id: errandId, customer }) =>
    !!(await write(hand, customer, CheckConfirmDocument, { errandId }, ({ confirmDelivery }) => confirmDelivery)),
};

const cancellable: ReadonlySet<string> = new Set(['OPEN', 'AWAITING_FUNDING', 'ASSIGNED']);

async function move(hand: Hand, story: Story): Promise<void> {
  const road = cancellable.has(story.state) && hand.random.chance(8) ? cancel : roads[story.state];
  story.isMoving = true;
  shineOn(hand.world, story);
  await road?.(hand, story);
  await lookUp(hand, story);
  story.isMoving = false;
}

/** Whatever came of the move, the database knows where the story is now. */
async function lookUp({ world }: Hand, story: Story): Promise<void> {
  const [found] = await world.truth.query<{ state: string; runner: string | null; escrow: string | null }>(
    `SELECT e.state::text, e.runner_id AS runner, x.id AS escrow FROM errand e LEFT JOIN escrow x ON x.errand_id = e.id WHERE e.id = $1`,
    [story.id],
  );
  if (!found) return;
  if (found.state !== 'OPEN') story.offerId = undefined;
  story.state = found.state;
  story.runner = world.runners.find(({ id }) => id === found.runner);
  story.escrowId = found.escrow ?? undefined;
}

async function offer(hand: Hand, story: Story): Promise<boolean> {
  const runner = hand.random.pick(hand.world.runners);
  const variables = { errandId: story.id, input: { amountMinor: offerMinor } };
  const data = await write(hand, runner, CheckOfferDocument, variables, ({ makeOffer: { errand } }) => ({ errand }));
  story.offerId = data?.makeOffer.offer.id;
  return !!data;
}

async function accept(hand: Hand, story: Story, offerId: string): Promise<boolean> {
  const data = await write(hand, story.customer, CheckAcceptDocument, { offerId }, ({ acceptOffer }) => acceptOffer);
  if (!data) story.offerId = undefined;
  return !!data;
}

async function cancel(hand: Hand, { id, customer }: Story): Promise<boolean> {
  return !!(await write(hand, customer, CheckCancelDocument, { id }, ({ cancelErrand }) => cancelErrand));
}
