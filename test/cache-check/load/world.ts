import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../../src/seed/random.js';
import { SignUpDocument, TopUpWalletDocument, type SelfServiceRole } from '../../support/generated/graphql.js';
import { createClient } from '../../support/graphql-client.js';
import type { Shape } from '../shape.js';
import type { Slot } from '../stage/fleet.js';
import type { Tally } from '../verdict/tally.js';
import type { Truth } from '../verdict/truth.js';
import type { Answered } from './answered.js';

/** Someone who is signed in everywhere: the servers share the secret of the tokens. */
export interface Player {
  readonly id: string;
  readonly token: string;
}

/** One errand on its road. */
export interface Story {
  readonly id: string;
  readonly customer: Player;
  state: string;
  runner?: Player | undefined;
  offerId?: string | undefined;
  escrowId?: string | undefined;
}

/** What all clients of a load share. */
export interface World {
  readonly slots: readonly Slot[];
  readonly truth: Truth;
  readonly answered: Answered;
  readonly tally: Tally;
  readonly customers: readonly Player[];
  readonly runners: readonly Player[];
  readonly stories: Story[];
  /** What each writer has in hand: where an old answer would show. */
  readonly spotlight: Story[];
  readonly areas: readonly string[];
  readonly shape: Pick<Shape, 'strictReadsPercent' | 'textWritesPercent'>;
  /** Numbers titles and names, so that no two texts are the same. */
  next(): number;
}

/** One client of the load. */
export interface Hand {
  readonly world: World;
  readonly random: Random;
}

/** What came of a request. `lost`: the connection broke, and nobody knows. */
export type Reply<Data> =
  | { readonly kind: 'data'; readonly data: Data; readonly cacheStatus: string }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'lost' };

/** Of one process; so a process that is stopped holds up a few clients and not all of them. */
const inFlightMax = 12;
const lookEveryMs = 5;

/** A process to send the next request to: any that is up and not full, also one that has just been stopped. */
export async function pickSlot({ world: { slots }, random }: Hand): Promise<Slot> {
  for (;;) {
    const free = slots.filter(({ state, inFlight }) => state !== 'down' && inFlight < inFlightMax);
    if (free.length > 0) return random.pick(free);
    await pause(lookEveryMs);
  }
}

export async function send<Data, Variables>(
  { world: { tally } }: Hand,
  slot: Slot,
  { token }: Player,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Reply<Data>> {
  slot.inFlight += 1;
  try {
    const { data, errors, cacheStatus } = await createClient(slot.url).as(token).ask(document, variables);
    if (data && errors.length === 0) return { kind: 'data', data, cacheStatus };
    return { kind: 'refused', code: errors[0]?.extensions.code ?? 'NO_DATA' };
  } catch (error) {
    // `fetch` says so when a connection breaks: the process was killed. Only an answer can be right or wrong.
    if (!(error instanceof TypeError)) throw error;
    tally.unanswered += 1;
    return { kind: 'lost' };
  } finally {
    slot.inFlight -= 1;
  }
}

/** Enough for every errand of a load: the most one charge may be. */
const pocketMinor = 1_000_000_000;

/** Signs people up through the first server, and gives customers money. */
export async function signUpPlayers(url: string, role: SelfServiceRole, count: number): Promise<readonly Player[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const email = `${role.toLowerCase()}-${index}@runam.test`;
      const input = { email, password: 'a long password', displayName: role, role };
      const { signUp } = await createClient(url).get(SignUpDocument, { input });
      const amount = { minor: pocketMinor, currency: 'NGN' as const };
      if (role === 'CUSTOMER')
        await createClient(url).as(signUp.accessToken).get(TopUpWalletDocument, { input: { amount } });
      return { id: signUp.user.id, token: signUp.accessToken };
    }),
  );
}
