import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserViewer } from '../../src/kernel/index.js';
import { openPairArena, type Pair, type PairArena } from '../support/pair-arena.js';
import {
  pairPlaces,
  type PairMarket,
  type PairMoveName,
  type PairPlace,
  type PairPlaceName,
} from '../support/pair-moves.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

const testMsMax = 600_000;
/** With RUNAM_PAIRS=all also those that decide nothing about the money, and each with itself; both ways round. */
const isEverything = process.env['RUNAM_PAIRS'] === 'all';

interface Plan {
  readonly place: PairPlaceName;
  readonly first: PairMoveName;
  readonly second: PairMoveName;
}

/** Every two that may meet, the other way round every other time. */
const plans: readonly Plan[] = (Object.keys(pairPlaces) as PairPlaceName[]).flatMap((place) => {
  const { moves, deciding }: PairPlace = pairPlaces[place];
  const meeting = moves.slice(0, isEverything ? moves.length : Math.max(deciding, 2));
  return meeting.flatMap((first, index) =>
    meeting.slice(isEverything ? index : index + 1).map((second, step) => {
      const isTurned = (index + step) % 2 === 1;
      return isTurned ? { place, first: second, second: first } : { place, first, second };
    }),
  );
});

let market: StoryMarket;
let pairs: readonly (Pair & Plan)[];
/** In which the first move comes first, the second, or both at once, either of them first in the queue. */
let arenas: Readonly<Record<'forth' | 'back' | 'atOnce', PairArena>>;

beforeAll(async () => {
  market = await startMarket();
  const told: PairMarket = { ...market, arbiter: await market.addPerson(market.tenantId, 'ARBITER') };
  const rich = await withMoney(1_000_000_000n);
  const made: (Pair & Plan)[] = [];
  for (const plan of plans) made.push(await storyOf(told, rich, plan));
  pairs = made;
  await market.db.close();
  const open = () => openPairArena(market.database, market.clock.now());
  arenas = { forth: await open(), back: await open(), atOnce: await open() };
}, testMsMax);
afterAll(async () => {
  await Promise.all(Object.values(arenas).map((arena) => arena.close()));
  await market.close();
});

async function withMoney(amountMinor: bigint) {
  const customer = await market.addPerson(market.tenantId, 'CUSTOMER');
  const { charge } = await market.wallets.topUp(customer, { amountMinor, currency: 'NGN' });
  return { customer, providerRef: charge.providerRef };
}

type Payer = { readonly customer: UserViewer; readonly providerRef: string };

async function storyOf(told: PairMarket, rich: Payer, plan: Plan): Promise<Pair & Plan> {
  const { place, first, second } = plan;
  // A charge that is taken back competes for what is left in the wallet of its payer.
  const isTakenBack = first === 'chargeback' || second === 'chargeback';
  const { customer, providerRef } = isTakenBack ? await withMoney(10_901n + 1_000n) : rich;
  const { tell }: PairPlace = pairPlaces[place];
  const its = await tell(told, customer);
  const { runner, arbiter, tenantId } = told;
  const story = { disputeId: '', code: '', ...its, customer, runner, arbiter, tenantId, providerRef };
  return { ...plan, story };
}

const delays = [...new Set(Object.values(pairPlaces).map(({ afterMs }) => afterMs))].toSorted((a, b) => a - b);

describe('two moves of one escrow that meet', () => {
  it(
    `end as if one had come after the other, to the last row and kobo: ${plans.length} pairs`,
    async () => {
      const unlike: unknown[] = [];
      let passedMs = 0;
      let depending = 0;
      for (const afterMs of delays) {
        for (const { clock } of Object.values(arenas)) clock.forward(afterMs - passedMs);
        passedMs = afterMs;
        for (const pair of pairs.filter(({ place }) => pairPlaces[place].afterMs === afterMs)) {
          const { place, first, second, story } = pair;
          const turned = { first: second, second: first, story };
          const serial = [await arenas.forth.inTurn(pair), turnedBack(await arenas.back.inTurn(turned))];
          const outcome = await arenas.atOnce.atOnce(pair);
          if (serial[0] !== serial[1]) depending += 1;
          if (!serial.includes(outcome)) unlike.push({ place, first, second, outcome, serial });
        }
      }
      expect(unlike).toEqual([]);
      expect(depending, 'pairs that end differently by who comes first').toBeGreaterThan(plans.length / 2);
      for (const [name, arena] of Object.entries(arenas)) expect(await arena.faults(market.tenantId), name).toEqual([]);
    },
    testMsMax,
  );
});

/** An outcome of the two the other way round, with the answers in the order of the pair. */
function turnedBack(outcome: string): string {
  const { answers, ...rest } = JSON.parse(outcome) as { readonly answers: readonly string[] };
  return JSON.stringify({ answers: answers.toReversed(), ...rest });
}
