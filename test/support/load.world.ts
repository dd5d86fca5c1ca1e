import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { createRandom, type Random } from '../../src/seed/random.js';
import { uuidv7 } from '../../src/kernel/index.js';
import type { Checker, Sighting } from './checker.js';
import { SignUpDocument, TopUpWalletDocument, type ErrandState, type SelfServiceRole } from './generated/graphql.js';
import { createClient, type Answer, type GraphqlClient } from './graphql-client.js';

/** Someone who is signed in on every server. */
export interface Player {
  readonly id: string;
  readonly on: readonly GraphqlClient[];
}

/** One errand on its road, as the load knows it from the answers it got. */
export interface Story {
  readonly id: string;
  readonly customer: Player;
  state: ErrandState;
  /** Set once its offer is accepted. */
  runner?: Player;
  isRunnerReleased?: boolean;
  offer?: { readonly id: string; readonly runner: Player };
  escrowId?: string;
  /** Updates under way; a story moves on only between them, so that no answer is a refusal. */
  updates: number;
  isMoving: boolean;
}

export interface Counts {
  reads: number;
  writes: number;
  hits: number;
  bypasses: number;
}

/** What all workers of a load share. */
export interface World {
  readonly checker: Checker;
  readonly customers: readonly Player[];
  readonly runners: readonly Player[];
  readonly stories: Story[];
  readonly areas: readonly string[];
  readonly counts: Counts;
  /** What clients were told that is not an answer: errors, other statuses, broken connections. */
  readonly faults: string[];
  /** Numbers titles and names, so that no two texts are the same. */
  next(): number;
}

/** One worker's way to the servers: each request goes through a server chosen by chance. */
export interface Hand {
  readonly world: World;
  readonly random: Random;
  /** The data; undefined when the answer was a fault, which is noted. */
  ask<Data, Variables>(
    player: Player,
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data | undefined>;
}

export interface WorldOptions {
  readonly urls: readonly string[];
  readonly checker: Checker;
  readonly areasCount: number;
  readonly customersCount?: number;
  readonly runnersCount?: number;
}

/** Enough for every errand of a load: the most one charge may be. */
const pocketMinor = 1_000_000_000;

export async function createWorld(options: WorldOptions): Promise<World> {
  const { urls, checker, areasCount, customersCount = 6, runnersCount = 3 } = options;
  const [customers, runners] = await Promise.all([
    Promise.all(Array.from({ length: customersCount }, () => joinEverywhere(urls, 'CUSTOMER'))),
    Promise.all(Array.from({ length: runnersCount }, () => joinEverywhere(urls, 'RUNNER'))),
  ]);
  const amount = { minor: pocketMinor, currency: 'NGN' as const };
  await Promise.all(customers.map(({ on }) => on[0]?.get(TopUpWalletDocument, { input: { amount } })));
  let count = 0;
  return {
    checker,
    customers,
    runners,
    stories: [],
    areas: Array.from({ length: areasCount }, (_, index) => `Area ${index}`),
    counts: { reads: 0, writes: 0, hits: 0, bypasses: 0 },
    faults: [],
    next: () => ++count,
  };
}

async function joinEverywhere(urls: readonly string[], role: SelfServiceRole): Promise<Player> {
  const [first = ''] = urls;
  const input = { email: `${uuidv7()}@runam.test`, password: 'a long password', displayName: role, role };
  const { signUp } = await createClient(first).get(SignUpDocument, { input });
  return { id: signUp.user.id, on: urls.map((url) => createClient(url).as(signUp.accessToken)) };
}

export function createHand(world: World, seed: number): Hand {
  const random = createRandom(seed);
  return {
    world,
    random,
    async ask(player, document, variables) {
      try {
        const answer = await random.pick(player.on).ask(document, variables);
        return dataOf(world, answer);
      } catch (error) {
        world.faults.push(String(error));
        return undefined;
      }
    },
  };
}

function dataOf<Data>(
  { counts, faults }: World,
  { status, data, errors, cacheStatus }: Answer<Data>,
): Data | undefined {
  if (status !== 200 || errors.length > 0 || !data) {
    faults.push(`${status} ${JSON.stringify(errors)}`);
    return undefined;
  }
  if (cacheStatus.includes('; hit')) counts.hits += 1;
  if (cacheStatus.includes('fwd=bypass')) counts.bypasses += 1;
  return data;
}

/** Marks what kind of object was seen, so that a list of errands does not miss an escrow. */
export function errandSeen<Errand extends { id: string; version: number }>(errand: Errand): Sighting {
  return { kind: 'errand', ...errand, escrow: undefined, errand: undefined };
}

export function escrowSeen<Escrow extends { id: string; version: number }>(escrow: Escrow): Sighting {
  return { kind: 'escrow', ...escrow, errand: undefined };
}

export function userSeen<User extends { id: string; version: number }>(user: User): Sighting {
  return { kind: 'user', ...user };
}
