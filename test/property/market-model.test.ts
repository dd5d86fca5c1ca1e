import { array, assert, asyncProperty } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelOptions } from '../support/model.js';
import { command } from '../support/model-orders.js';
import { actions } from '../support/model-roads.js';
import { createModelRunner, type ModelRunner } from '../support/model-run.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

/** More for a long run: RUNAM_MODEL_COMMANDS=10000. A failure prints the seed; RUNAM_MODEL_SEED replays it. */
const commandsMin = Number(process.env['RUNAM_MODEL_COMMANDS'] ?? 1_000);
const firstSeed = Number(process.env['RUNAM_MODEL_SEED'] ?? 20_260_302);
const runsPerRound = 5;
/** So long a shorter story is looked for; then the shortest so far is told. */
const searchMsMax = 120_000;
const testMsMax = 240_000 + commandsMin * 300;

let market: StoryMarket;
let runner: ModelRunner;
beforeAll(async () => {
  market = await startMarket();
  runner = await createModelRunner(market);
});
afterAll(async () => {
  await runner.close();
  await market.close();
});

const totals = { commands: 0, done: 0, refused: 0, cut: 0, replayed: 0 };
const seen = new Set<string>();

/** Stories of random commands, each in a market of its own. @throws with the seed and the shortest story found that goes wrong */
async function tellStories(seed: number, numRuns: number, options?: ModelOptions, endOnFailure = false): Promise<void> {
  const stories = array(command, { minLength: 1, maxLength: 120, size: 'max' });
  const tell = asyncProperty(stories, async (commands) => {
    const run = await runner.start(options);
    for (const one of commands) await run.step(one);
    await run.finish();
    for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += run.counts[name];
    for (const each of run.seen) seen.add(each);
  });
  await assert(tell, { numRuns, seed, endOnFailure, unbiased: true, interruptAfterTimeLimit: searchMsMax });
}

describe('any sequence of calls, legal or not, some with broken connections', () => {
  it(
    'does what the model says: who is refused and why, what every account holds; and news, events and books agree',
    async () => {
      for (let seed = firstSeed; totals.commands < commandsMin; seed += 1) await tellStories(seed, runsPerRound);
      expect(totals.done).toBeGreaterThan(totals.commands / 4);
      expect(totals.refused).toBeGreaterThan(totals.commands / 10);
      expect(totals.cut).toBeGreaterThan(totals.commands / 50);
      expect(totals.replayed).toBeGreaterThan(0);
      expect(actions.filter((action) => !seen.has(`${action} done`))).toEqual([]);
      const codes = new Set([...seen].map((each) => each.split(' ')[1]));
      const all = ['NOT_FOUND', 'FORBIDDEN', 'ILLEGAL_TRANSITION', 'INSUFFICIENT_FUNDS', 'BAD_INPUT', 'ALREADY_EXISTS'];
      expect(all.filter((code) => !codes.has(code))).toEqual([]);
    },
    testMsMax,
  );
});

/** Where it must be noticed: the program refuses, or pays, otherwise. */
const caught = {
  frozen: expect.stringMatching(/^confirm by .*'ILLEGAL_TRANSITION' to be/),
  change: expect.stringMatching(/^(confirm|timers) by .*deeply equal/),
};

describe('a control', () => {
  it.each(['frozen', 'change'] as const)(
    'that is wrong about %s is caught, and the seed is told',
    async (wrongAbout) => {
      const told = tellStories(firstSeed, 100, { wrongAbout }, true);
      await expect(told).rejects.toThrow(/seed: \d+/);
      await expect(told).rejects.toMatchObject({ cause: { message: caught[wrongAbout] } });
    },
    testMsMax,
  );

  it(
    'whose database loses the news of a transition is caught',
    async () => {
      await market.db.write(async (tx) => {
        await tx.$executeRaw`CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN DELETE FROM outbox WHERE seq = NEW.seq; RETURN NULL; END $$`;
        await tx.$executeRaw`CREATE TRIGGER zz_lose AFTER INSERT ON outbox FOR EACH ROW
          WHEN (NEW.payload ->> 'transition' = 'start') EXECUTE FUNCTION lose()`;
      });
      const told = tellStories(firstSeed, 100, {}, true);
      await expect(told).rejects.toMatchObject({
        cause: { actual: expect.arrayContaining([expect.stringMatching(/^I24: /)]) },
      });
      await market.db.write((tx) => tx.$executeRaw`DROP FUNCTION lose() CASCADE`);
    },
    testMsMax,
  );
});
