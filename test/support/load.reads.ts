import type { Sighting } from './checker.js';
import {
  CheckErrandDocument,
  CheckErrandsDocument,
  CheckEscrowDocument,
  CheckMeDocument,
  CheckMyErrandsDocument,
  CheckMyEscrowsDocument,
  CheckUserDocument,
  type ErrandState,
} from './generated/graphql.js';
import { errandSeen, escrowSeen, userSeen, type Hand, type Player, type Story } from './load.world.js';

/** Most reads look at what is new, as people do; that is also where a stale answer would show. */
const hotStoriesCount = 12;

/** One read of a random kind through a random server. */
export async function readSomething(hand: Hand): Promise<void> {
  const { random, world } = hand;
  world.counts.reads += 1;
  const player = random.pick([...world.customers, ...world.runners]);
  const dice = random.int(1, 100);
  if (dice <= 35) return readMarket(hand, player);
  if (dice <= 45) return readMe(hand, player);
  if (dice <= 50) return readUser(hand, player, random.pick(world.customers));
  if (dice <= 62) return readMyErrands(hand, player);
  if (dice <= 74) return readMyEscrows(hand, player);
  const story = aStory(hand);
  if (!story) return readMarket(hand, player);
  return dice <= 90 || !story.escrowId ? readErrand(hand, story, player) : readEscrow(hand, story, story.escrowId);
}

function aStory({ random, world: { stories } }: Hand): Story | undefined {
  const hot = random.chance(80) ? stories.slice(-hotStoriesCount) : stories;
  return hot.length > 0 ? random.pick(hot) : undefined;
}

async function readMarket(hand: Hand, player: Player): Promise<void> {
  const { random, world } = hand;
  const area = random.pick(world.areas);
  const states: readonly ErrandState[] = random.pick([[], ['OPEN'], ['ASSIGNED', 'IN_PROGRESS']] as const);
  const reading = world.checker.reading(`errands in ${area}, ${states.join('|') || 'any state'}`);
  const data = await hand.ask(player, CheckErrandsDocument, { filter: { area, states: [...states] } });
  if (!data) return;
  const belongs = ({ kind, state, area: its }: Sighting): boolean => {
    const wanted = states.length > 0 ? (states as readonly unknown[]).includes(state) : state !== 'DRAFT';
    return kind === 'errand' && its === area && wanted;
  };
  const { edges, pageInfo } = data.errands;
  reading.showed(
    edges.map(({ node }) => errandSeen(node)),
    pageInfo.hasNextPage ? undefined : belongs,
  );
}

async function readMe(hand: Hand, player: Player): Promise<void> {
  const reading = hand.world.checker.reading('me');
  const data = await hand.ask(player, CheckMeDocument, {});
  if (data) reading.showed([userSeen(data.me)]);
}

async function readUser(hand: Hand, player: Player, { id }: Player): Promise<void> {
  const reading = hand.world.checker.reading('user');
  const data = await hand.ask(player, CheckUserDocument, { id });
  if (data) reading.showed([userSeen(data.user)]);
}

async function readMyErrands(hand: Hand, player: Player): Promise<void> {
  const { checker, stories } = hand.world;
  const reading = checker.reading('myErrands');
  const data = await hand.ask(player, CheckMyErrandsDocument, {});
  if (!data) return;
  const mine = new Set(
    stories
      .filter(
        ({ customer, runner, isRunnerReleased }) => customer === player || (runner === player && !isRunnerReleased),
      )
      .map(({ id }) => id),
  );
  const { edges, pageInfo } = data.myErrands;
  const seen = edges.map(({ node }) => errandSeen(node));
  // Shown before its mutation was answered: allowed, and not yet among the stories.
  const belongs = ({ id }: Sighting): boolean => mine.has(id) || seen.some((sighting) => sighting.id === id);
  reading.showed(seen, pageInfo.hasNextPage ? undefined : belongs);
}

async function readMyEscrows(hand: Hand, player: Player): Promise<void> {
  const { checker, stories } = hand.world;
  const reading = checker.reading('myEscrows');
  const data = await hand.ask(player, CheckMyEscrowsDocument, {});
  if (!data) return;
  const mine = new Set(
    stories.filter(({ customer, runner }) => customer === player || runner === player).map(({ escrowId }) => escrowId),
  );
  const { edges, pageInfo } = data.myEscrows;
  const seen = edges.map(({ node }) => escrowSeen(node));
  const belongs = ({ kind, id }: Sighting): boolean =>
    kind === 'escrow' && (mine.has(id) || seen.some((sighting) => sighting.id === id));
  reading.showed(seen, pageInfo.hasNextPage ? undefined : belongs);
  reading.showed(edges.map(({ node }) => errandSeen(node.errand)));
}

async function readErrand(hand: Hand, story: Story, player: Player): Promise<void> {
  const reading = hand.world.checker.reading('errand');
  const reader = story.state === 'DRAFT' ? story.customer : player;
  const data = await hand.ask(reader, CheckErrandDocument, { id: story.id });
  if (data) reading.showed([errandSeen(data.errand)]);
}

async function readEscrow(hand: Hand, story: Story, id: string): Promise<void> {
  const reading = hand.world.checker.reading('escrow');
  const data = await hand.ask(story.customer, CheckEscrowDocument, { id });
  if (data) reading.showed([escrowSeen(data.escrow)]);
}
