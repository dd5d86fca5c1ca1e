import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import {
  CheckErrandDocument,
  CheckErrandsDocument,
  CheckEscrowDocument,
  CheckMeDocument,
  CheckMyErrandsDocument,
  CheckMyEscrowsDocument,
  CheckUserDocument,
  type ErrandState,
} from '../../support/generated/graphql.js';
import { judge, type Sighting } from '../verdict/judge.js';
import type { Tier } from '../verdict/tally.js';
import type { Row, Scope } from '../verdict/truth.js';
import { pickSlot, send, type Hand, type Player, type Story } from './world.js';

/** One read of a random kind, mostly of what is being written, through a random process. */
export async function readSomething(hand: Hand): Promise<void> {
  const { random, world } = hand;
  const hot = world.spotlight.filter((story) => story !== undefined);
  const story = random.chance(90) ? random.pick(hot) : random.pick(world.stories);
  const isStrict = random.chance(world.shape.strictReadsPercent);
  if (!story || (!isStrict && random.chance(15))) return readOfPlayer(hand, random.pick(world.customers));
  return isStrict ? readOfMoney(hand, story) : readOfErrand(hand, story);
}

async function readOfPlayer(hand: Hand, player: Player): Promise<void> {
  const { random, world } = hand;
  const user = { table: 'user_profile', where: 'user_id = $1', values: [player.id] } as const;
  if (random.chance(50)) {
    return read(hand, player, { ...acked, name: 'me', scope: user }, CheckMeDocument, {}, ({ me }) => one(me));
  }
  const reader = random.pick([...world.customers, ...world.runners]);
  const variables = { id: player.id };
  return read(hand, reader, { ...acked, name: 'user', scope: user }, CheckUserDocument, variables, ({ user }) =>
    one(user),
  );
}

async function readOfMoney(hand: Hand, story: Story): Promise<void> {
  const { random, world } = hand;
  const { customer, runner } = story;
  const { escrowId } = story.escrowId
    ? story
    : (world.stories.findLast((other) => isEscrowOf(other, customer)) ?? story);
  if (escrowId && random.chance(60)) return readEscrow(hand, customer, escrowId);
  return readMyEscrows(hand, runner && random.chance(15) ? runner : customer);
}

async function readOfErrand(hand: Hand, story: Story): Promise<void> {
  const { random, world } = hand;
  const { customer, runner } = story;
  const party = runner && random.chance(15) ? runner : customer;
  const dice = random.int(1, 100);
  if (dice <= 60) return readErrand(hand, story, random.pick([party, ...world.runners]));
  return dice <= 80 ? readMyErrands(hand, party) : readMarket(hand, party);
}

function isEscrowOf({ escrowId, customer }: Story, who: Player): boolean {
  return escrowId !== undefined && customer === who;
}

async function readEscrow(hand: Hand, party: Player, id: string): Promise<void> {
  const scope = { table: 'escrow', where: 'id = $1', values: [id] } as const;
  // Whose escrow it is changes when another offer is accepted.
  const what = { ...strict, name: 'escrow', scope, belongs: isPartyOf(party) };
  await read(hand, party, what, CheckEscrowDocument, { id }, ({ escrow }) => one(escrow));
}

async function readMyEscrows(hand: Hand, party: Player): Promise<void> {
  const scope = { table: 'escrow', where: 'customer_id = $1 OR runner_id = $1', values: [party.id] } as const;
  const what = { ...strict, name: 'myEscrows', scope, belongs: isPartyOf(party) };
  await read(hand, party, what, CheckMyEscrowsDocument, {}, ({ myEscrows }) => page(myEscrows));
}

async function readErrand(hand: Hand, story: Story, reader: Player): Promise<void> {
  const scope = { table: 'errand', where: 'id = $1', values: [story.id] } as const;
  const belongs = (row: Row): boolean => row.state !== 'DRAFT' || row.customerId === reader.id;
  const what = { ...acked, name: 'errand', scope, belongs };
  await read(hand, reader, what, CheckErrandDocument, { id: story.id }, ({ errand }) => one(errand));
}

async function readMyErrands(hand: Hand, party: Player): Promise<void> {
  const scope = { table: 'errand', where: 'customer_id = $1 OR runner_id = $1', values: [party.id] } as const;
  const what = { ...acked, name: 'myErrands', scope, belongs: isPartyOf(party) };
  await read(hand, party, what, CheckMyErrandsDocument, {}, ({ myErrands }) => page(myErrands));
}

async function readMarket(hand: Hand, reader: Player): Promise<void> {
  const { random, world } = hand;
  const area = random.pick(world.areas);
  const states: ErrandState[] = random.chance(70) ? ['OPEN'] : ['AWAITING_FUNDING', 'ASSIGNED', 'IN_PROGRESS'];
  const scope = { table: 'errand', where: 'area = $1', values: [area] } as const;
  const belongs = (row: Row): boolean => row.area === area && (states as readonly unknown[]).includes(row.state);
  const what = { ...acked, name: `errands in ${area}, ${states.join('|')}`, scope, belongs };
  await read(hand, reader, what, CheckErrandsDocument, { filter: { area, states } }, ({ errands }) => page(errands));
}

const strict = { tier: 'strict', belongs: () => true } as const satisfies Partial<What>;
const acked = { tier: 'acked', belongs: () => true } as const satisfies Partial<What>;

interface What {
  readonly name: string;
  readonly tier: Tier;
  /** What to take the floor of: the rows that belong, and those that may have. */
  readonly scope: Scope;
  readonly belongs: (row: Row) => boolean;
}

interface Shown {
  readonly sightings: readonly Sighting[];
  readonly isComplete: boolean;
}

/** An answer that says there is no such thing shows nothing, and may be wrong in that. */
const hiding: ReadonlySet<string> = new Set(['NOT_FOUND', 'FORBIDDEN']);

/** Takes the floors, asks, and judges the answer. */
async function read<Data, Variables>(
  hand: Hand,
  reader: Player,
  { name, tier, scope, belongs }: What,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  seen: (data: Data) => Shown,
): Promise<void> {
  const { truth, answered, tally } = hand.world;
  const slot = await pickSlot(hand);
  const floor = await truth.floor(scope);
  const reading = { floor, belongs, answered: answered.now() };
  const reply = await send(hand, slot, reader, document, variables);
  if (reply.kind === 'lost') return;
  const hides = reply.kind === 'refused' && hiding.has(reply.code);
  if (reply.kind === 'refused' && !hides) {
    tally.refuse(`read ${reply.code}`);
    return;
  }
  const shown = reply.kind === 'data' ? seen(reply.data) : { sightings: [], isComplete: true };
  const findings = await judge(truth, reading, shown.sightings, shown.isComplete);
  const cacheStatus = reply.kind === 'data' ? reply.cacheStatus : reply.code;
  tally.read({ tier, read: name, process: slot.index, cacheStatus, findings });
}

function one(sighting: Sighting): Shown {
  return { sightings: [sighting], isComplete: false };
}

interface Page {
  readonly edges: readonly { readonly node: Sighting }[];
  readonly pageInfo: { readonly hasNextPage: boolean };
}

function page({ edges, pageInfo }: Page): Shown {
  return { sightings: edges.map(({ node }) => node), isComplete: !pageInfo.hasNextPage };
}

function isPartyOf({ id }: Player): (row: Row) => boolean {
  return ({ customerId, runnerId }) => customerId === id || runnerId === id;
}
