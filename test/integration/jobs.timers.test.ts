import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJobs } from '../../src/app.jobs.js';
import { loadEnv } from '../../src/config/index.js';
import { silentLogger, type UserViewer } from '../../src/kernel/index.js';
import { createIdempotencyService } from '../../src/modules/idempotency/index.js';
import { ErrandDocument } from '../support/generated/graphql.js';
import { join, openMarket, postLapsing } from '../support/market.js';
import { createTestDatabase } from '../support/postgres.js';
import { hourMs, newErrand, startMarket, type StoryErrand, type StoryMarket } from '../support/stories.js';
import { startTestApp } from '../support/test-app.js';

const reason = 'We do not agree at all.';
const inHours = ({ clock }: StoryMarket, hours: number) => new Date(clock.now().getTime() + hours * hourMs);

interface TimerJob {
  readonly key: string;
  readonly payload: { readonly name: string; readonly tenantId: string; readonly errandId: string };
  readonly at: Date;
}

const none = async (): Promise<void> => {};

describe('a transition that sets a timer leaves a job behind for its time, which fires it then and not before, once:', () => {
  let market: StoryMarket;
  let psql: Client;
  let arbiter: UserViewer;
  beforeEach(async () => {
    market = await startMarket();
    const { db, clock, database } = market;
    arbiter = await market.addPerson(market.tenantId, 'ARBITER');
    const idempotency = createIdempotencyService({ db, clock, ttlMs: hourMs });
    const options = { db, clock, logger: silentLogger, databaseUrl: database.url, idempotency };
    createJobs({
      ...options,
      config: loadEnv({}),
      timersEveryMs: 5_000,
      onRun: undefined,
      rounds: {},
      news: { publish: none, send: none, sweep: none },
    });
    psql = new Client({ connectionString: database.url });
    await psql.connect();
  });
  afterEach(async () => {
    await everyWaitingTimerHasItsJob();
    await market.assertSound();
    await psql.end();
    await market.close();
  });

  async function jobs(): Promise<readonly TimerJob[]> {
    const { rows } = await psql.query<TimerJob>(
      `SELECT key, payload, run_at AS at FROM job_ahead WHERE key LIKE 'timer.%' ORDER BY key`,
    );
    return rows;
  }

  /** What the look-up of the timers would find some day, a job waits for. */
  async function everyWaitingTimerHasItsJob(): Promise<void> {
    const errands = await market.db.read.errand.findMany({ select: { id: true } });
    const ids = errands.map(({ id }) => id);
    const waiting = await market.db.write((tx) => market.timers.waiting(tx, ids));
    const queued = new Map((await jobs()).map(({ key, at }) => [key, at]));
    for (const { name, errandId, at } of waiting) expect(queued.get(`timer.${name}.${errandId}`), name).toEqual(at);
  }

  const disputed = async (): Promise<StoryErrand & { readonly disputeId: string }> => {
    const story = await market.tell.delivered();
    const { dispute } = await market.disputes.open(market.customer, story.errand.id, { reason, claimMinor: 100n });
    return { ...story, disputeId: dispute.id };
  };
  const reviewed = async () => {
    const story = await disputed();
    await market.disputes.respond(market.runner, story.disputeId, { statement: 'No.' });
    return story;
  };

  it.each<[string, string, () => Promise<string>]>([
    ['publishing', 'expire', async () => (await market.tell.open()).id],
    [
      'an offer',
      'offersExpire',
      async () => {
        const { id } = await market.tell.open();
        const offer = (hours: number) => ({ amountMinor: 100n, expiresAt: inHours(market, hours) });
        await market.offers.make(market.runner, id, offer(3));
        await market.offers.make(market.rival, id, offer(2));
        return id;
      },
    ],
    ['accepting', 'fundingTimeout', async () => (await market.tell.accepted()).errand.id],
    ['funding', 'noShow', async () => (await market.tell.assigned({ startBy: inHours(market, 5) })).errand.id],
    ['the proof', 'autoRelease', async () => (await market.tell.delivered()).errand.id],
    ['a dispute', 'disputeDue', async () => (await disputed()).errand.id],
    [
      'a decision',
      'disputeDue',
      async () => {
        const { errand, disputeId } = await reviewed();
        market.clock.forward(hourMs);
        await market.disputes.propose(arbiter, disputeId, { outcome: 'RELEASE', reason });
        return errand.id;
      },
    ],
    [
      'withdrawing a dispute',
      'autoRelease',
      async () => {
        const { errand, disputeId } = await disputed();
        market.clock.forward(5 * hourMs);
        await market.disputes.withdraw(market.customer, disputeId);
        return errand.id;
      },
    ],
  ])('%s (%s)', async (_what, timer, arrange) => {
    const { clock, timers } = market;
    const errandId = await arrange();
    const job = (await jobs()).find(({ key }) => key === `timer.${timer}.${errandId}`);
    expect(job?.payload).toEqual({ name: timer, tenantId: market.tenantId, errandId });
    const due = job!.at.getTime() - clock.now().getTime();
    clock.forward(due - 1);
    expect(await timers.fire(job!.payload)).toBe(false);
    clock.forward(1);
    expect(await timers.fire(job!.payload)).toBe(true);
    expect(await timers.fire(job!.payload)).toBe(false);
  });

  it('and one that fails leaves none', async () => {
    const before = await jobs();
    const failing = market.db.write(async () => {
      await market.errands.post(market.customer, newErrand());
      throw new Error('after all, no');
    });
    await expect(failing).rejects.toThrow('after all, no');
    expect(await jobs()).toEqual(before);
  });
});

describe('an errand whose time has come', () => {
  it('is moved on by one of three servers, by its job and once', async () => {
    const database = await createTestDatabase();
    const server = () => startTestApp({ database, env: { WORKER: 'inside', CACHE_ENABLED: 'False' } });
    const apps = await Promise.all([server(), server(), server()]);
    const [{ app, client }] = apps;
    try {
      await openMarket(app.db);
      const customer = await join(client, 'CUSTOMER');
      const ids = await postLapsing(Array.from({ length: 6 }, () => customer));
      for (const id of ids) {
        const state = async () => (await customer.client.get(ErrandDocument, { id })).errand.state;
        await expect.poll(state, { timeout: 120_000, interval: 100 }).toBe('EXPIRED');
      }
      const events = await app.db.read.processEvent.findMany({ where: { transition: 'expire' } });
      expect(events.map(({ errandId }) => errandId).toSorted()).toEqual(ids.toSorted());
      const metrics = await Promise.all(apps.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
      const runs = metrics.map((text) =>
        Number(/job_duration_seconds_count\{job="timer",result="done"\} (\d+)/.exec(text)?.[1] ?? 0),
      );
      expect(runs.reduce((sum, count) => sum + count)).toBe(ids.length);
      expect(metrics[0]).toMatch(/^jobs_queued\{state="failed"\} 0$/m);
      expect(metrics[0]).toMatch(/^jobs_overdue_seconds \d/m);
    } finally {
      await Promise.all(apps.map(({ close }) => close()));
      await database.drop();
    }
  }, 240_000);
});
