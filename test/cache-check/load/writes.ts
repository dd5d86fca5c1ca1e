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
import { pickSlot, send, type Hand, type Player, type Story } from './world.js';

const offerMinor = 300_000;

/**
 * One write of this client through a random process. It takes one errand along its road, write after write, so that each
 * object is hot for as long as it changes, and begins the next one when it is at its end.
 */
export async function writeSomething(hand: Hand, writer: number): Promise<void> {
  const { random, world } = hand;
  const isText = random.chance(world.shape.textWritesPercent);
  if (isText && random.chance(20)) return changeProfile(hand, writer);
  const mine = world.spotlight[writer];
  const story = mine && 'customer' in mine && mine.state in roads ? mine : undefined;
  if (!story) return post(hand, writer);
  const isChangeable = (story.state === 'OPEN' || story.state === 'DRAFT') && !story.offerId;
  return isChangeable && isText ? update(hand, story) : move(hand, story);
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

async function changeProfile(hand: Hand, writer: number): Promise<void> {
  const { world } = hand;
  const player = world.customers[writer % world.customers.length] as Player;
  const input = { displayName: `Name ${world.next()}` };
  await write(hand, player, CheckProfileDocument, { input }, ({ updateProfile }) => updateProfile);
}

async function post(hand: Hand, writer: number): Promise<void> {
  const { random, world } = hand;
  const customer = world.customers[writer % world.customers.length] as Player;
  const title = `Errand ${world.next()}`;
  const input = errandInput({ title, area: random.pick(world.areas), publish: random.chance(80) });
  const data = await write(hand, customer, CheckPostDocument, { input }, ({ postErrand }) => postErrand);
  if (!data) return;
  const { id, state } = data.postErrand.errand;
  const story: Story = { id, customer, state };
  world.stories.push(story);
  world.spotlight[writer] = story;
}

async function update(hand: Hand, story: Story): Promise<void> {
  const { random, world } = hand;
  const { id, customer } = story;
  const title = `Errand ${world.next()}`;
  const input = random.chance(20) ? { title, area: random.pick(world.areas) } : { title };
  await write(hand, customer, CheckUpdateDocument, { id, input }, ({ updateErrand }) => updateErrand);
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
  await road?.(hand, story);
  await lookUp(hand, story);
}

/** Whatever came of the move, the database knows where the story is now. */
async function lookUp({ world }: Hand, story: Story): Promise<void> {
  const [found] = await world.truth.query<Place>(whereIs, [story.id]);
  if (!found) return;
  story.state = found.state;
  story.offerId = found.offer ?? undefined;
  story.runner = world.runners.find(({ id }) => id === found.runner);
  story.escrowId = found.escrow ?? undefined;
}

interface Place {
  readonly state: string;
  readonly runner: string | null;
  readonly offer: string | null;
  readonly escrow: string | null;
}

const whereIs = `
  SELECT e.state::text, e.runner_id AS runner, x.id AS escrow,
    (SELECT o.id FROM offer o WHERE o.errand_id = e.id AND o.state = 'PENDING' LIMIT 1) AS offer
  FROM errand e LEFT JOIN escrow x ON x.errand_id = e.id WHERE e.id = $1`;

async function offer(hand: Hand, story: Story): Promise<boolean> {
  const runner = hand.random.pick(hand.world.runners);
  const variables = { errandId: story.id, input: { amountMinor: offerMinor } };
  const data = await write(hand, runner, CheckOfferDocument, variables, ({ makeOffer: { errand } }) => ({ errand }));
  return !!data;
}

async function accept(hand: Hand, story: Story, offerId: string): Promise<boolean> {
  const data = await write(hand, story.customer, CheckAcceptDocument, { offerId }, ({ acceptOffer }) => acceptOffer);
  return !!data;
}

async function cancel(hand: Hand, { id, customer }: Story): Promise<boolean> {
  return !!(await write(hand, customer, CheckCancelDocument, { id }, ({ cancelErrand }) => cancelErrand));
}
