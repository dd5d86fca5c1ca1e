import { Client } from 'pg';
import { expect } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { AppError, silentLogger } from '../../src/kernel/index.js';
import { faultsOf } from './invariants.js';
import { createTestDatabase, type TestDatabase } from './postgres.js';
import { pairMoves, type PairMoveName, type PairStory } from './pair-moves.js';
import { createServices, createStoryClock, type StoryClock, type StoryServices } from './stories.js';

export interface Pair {
  readonly first: PairMoveName;
  readonly second: PairMoveName;
  readonly story: PairStory;
}

/** A copy of the database in which both moves of each pair are made. */
export interface PairArena {
  readonly clock: StoryClock;
  /** One after the other. @returns what came of it, all there is to tell the two orders apart */
  inTurn(pair: Pair): Promise<string>;
  /** Both wait for the same locks before either gets one; `first` is the first in the queue. */
  atOnce(pair: Pair): Promise<string>;
  faults(tenantId: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

const waitMsMax = 60_000;
const lookEveryMs = 2;

export async function openPairArena(original: TestDatabase, startsAt: Date): Promise<PairArena> {
  const database = await createTestDatabase({ copyOf: original });
  const clock = createStoryClock(startsAt.toISOString());
  const [one, other] = [serverOn(database.url, clock), serverOn(database.url, clock)];
  const gate = new Client({ connectionString: database.url });
  await gate.connect();
  const look = new Client({ connectionString: database.url });
  await look.connect();
  return {
    clock,
    async inTurn({ first, second, story }) {
      const answers = [await answerOf(one, first, story), await answerOf(other, second, story)];
      return outcomeOf(one.db, story, answers);
    },
    async atOnce({ first, second, story }) {
      await gate.query('BEGIN');
      await gate.query('SELECT 1 FROM errand WHERE id = $1 FOR UPDATE', [story.errandId]);
      await gate.query('SELECT 1 FROM charge WHERE provider_ref = $1 FOR UPDATE', [story.providerRef]);
      let ended = 0;
      const run = async (server: StoryServices, name: PairMoveName): Promise<string> =>
        answerOf(server, name, story).finally(() => void (ended += 1));
      const running = [run(one, first)];
      await areHeldUp(1);
      running.push(run(other, second));
      await areHeldUp(2);
      await gate.query('COMMIT');
      return outcomeOf(one.db, story, await Promise.all(running));

      /** Each waits for a lock, or had nothing to wait for. */
      async function areHeldUp(count: number): Promise<void> {
        const waiting = `SELECT count(*)::int AS waiting FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        const deadline = Date.now() + waitMsMax;
        for (;;) {
          const { rows } = await look.query<{ waiting: number }>(waiting);
          if (rows[0]!.waiting + ended >= count) return;
          expect(Date.now(), `${first} and ${second} wait for a lock`).toBeLessThan(deadline);
          await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
        }
      }
    },
    faults: (tenantId) => faultsOf(one.db, tenantId),
    async close() {
      await Promise.all([one.db.close(), other.db.close(), gate.end(), look.end()]);
      await database.drop();
    },
  };
}

function serverOn(url: string, clock: StoryClock): StoryServices {
  return createServices(createDb({ url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 60_000 }), clock);
}

/** What whoever made the move was told. */
async function answerOf(server: StoryServices, name: PairMoveName, story: PairStory): Promise<string> {
  for (;;) {
    try {
      const answer = await pairMoves[name](server, story);
      return answer === false ? 'not due' : 'done';
    } catch (error) {
      if (error instanceof AppError) return error.code;
      // A timer gives up on what is held for a second, and its job comes again.
      if (!String(error).includes('lock timeout')) throw error;
    }
  }
}

/** Everything that the two moves may have changed, without ids and times. */
async function outcomeOf(db: Pick<Db, 'read'>, story: PairStory, answers: readonly string[]): Promise<string> {
  const { errandId, providerRef } = story;
  const [row] = await db.read.$queryRaw<object[]>`
    WITH own AS (
      SELECT 'errand:' || ${errandId} AS ref
      UNION ALL SELECT 'charge:' || id FROM charge WHERE provider_ref = ${providerRef})
    SELECT
      (SELECT json_agg(json_build_array(state, version, runner_id IS NULL)) FROM errand WHERE id = ${errandId}::uuid) AS errand,
      (SELECT json_agg(json_build_array(state, version, gross, funded, released, refunded, service_released, goods_receipted,
         tips, retired_at IS NULL, frozen_by_dispute IS NULL)) FROM escrow WHERE errand_id = ${errandId}::uuid) AS escrow,
      (SELECT json_agg(m.state ORDER BY m.seq) FROM milestone m JOIN escrow e ON e.id = m.escrow_id WHERE e.errand_id = ${errandId}::uuid) AS milestones,
      (SELECT json_agg(state ORDER BY id) FROM offer WHERE errand_id = ${errandId}::uuid) AS offers,
      (SELECT json_agg(json_build_array(state, version)) FROM dispute WHERE errand_id = ${errandId}::uuid) AS disputes,
      (SELECT json_agg(json_build_array(transition, from_state, to_state, actor_role) ORDER BY seq) FROM process_event
        WHERE errand_id = ${errandId}::uuid) AS events,
      (SELECT json_agg(json_build_array(j.kind, l.side, l.amount, a.code) ORDER BY j.kind, a.code, l.side, l.amount)
        FROM journal j JOIN own ON own.ref = j.business_ref JOIN journal_line l ON l.journal_id = j.id
        JOIN ledger_account a ON a.id = l.account_id) AS lines`;
  return JSON.stringify({ answers, ...row });
}
