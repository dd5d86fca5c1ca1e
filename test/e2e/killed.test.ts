import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { verifyLedger } from '../../src/modules/ledger/index.js';
import { startDoomedProcess, type DoomedProcess } from '../support/doomed-process.js';
import { doomedRoads, type DoomedRoad, type DoomedRoadName, type Told } from '../support/doomed-roads.js';
import { openDoomedStage, prepareDoomedStage, type DoomedGround, type DoomedStage } from '../support/doomed-stage.js';
import { expectSound } from '../support/invariants.js';
import { startStatementLink, type CutAt, type StatementLink } from '../support/statement-link.js';
import { minuteMs } from '../support/stories.js';

const testMsMax = 300_000;
const patience = { timeout: 60_000, interval: 20 };
/** Longer than whoever has taken something in hand keeps others from it. */
const leaseMs = 3 * minuteMs;

interface Moment {
  readonly name: string;
  readonly isItsCommit: boolean;
  readonly at: CutAt;
  /** Whether it has happened by then. */
  readonly isDone: boolean;
}

const beforeCommit: Moment = { name: 'at its COMMIT', isItsCommit: true, at: 'request', isDone: false };
const afterCommit: Moment = {
  name: 'behind its COMMIT, before it hears of it',
  isItsCommit: true,
  at: 'answer',
  isDone: true,
};
const inTheMiddle: Moment = { name: 'in the middle of it', isItsCommit: false, at: 'request', isDone: false };
const moments = [inTheMiddle, beforeCommit, afterCommit];

/** With RUNAM_KILLS=all each at every moment; else a few at the moment that tells most. */
const isEverywhere = process.env['RUNAM_KILLS'] === 'all';
const few: Partial<Record<DoomedRoadName, Moment>> = {
  'the round of payouts pays one': beforeCommit,
  'a client pays for an errand, with a key': afterCommit,
  'it is noted that news was delivered': beforeCommit,
};
const all = Object.keys(doomedRoads) as DoomedRoadName[];
const kills = all.flatMap((name) => {
  const chosen = isEverywhere ? moments : moments.filter((moment) => moment === few[name]);
  return chosen.map((moment) => [name, moment.name, moment] as const);
});

let ground: DoomedGround;
let stage: DoomedStage;
let link: StatementLink;
let server: DoomedProcess;

beforeAll(async () => {
  ground = await prepareDoomedStage();
  link = await startStatementLink(ground.market.database.url);
  server = await startServer();
  stage = await openDoomedStage(ground, server.url);
}, testMsMax);
afterAll(async () => {
  await server.kill();
  await link.close();
  await ground.close();
});

const startServer = () => startDoomedProcess(ground.market.clock, { ...ground.env, DATABASE_URL: link.url });

/** Has the server do it and die of it. */
async function killAt({ says, act }: DoomedRoad, { isItsCommit, at }: Moment): Promise<void> {
  const doomed = server;
  await doomed.tellTime();
  link.cutWhere({ says, isItsCommit }, at, async () => {
    await doomed.kill();
    return 'lost';
  });
  const acted = act(doomed).catch(() => 'no answer');
  await vi.waitFor(() => expect(link.isCut, 'it came to that statement').toBe(true), patience);
  await doomed.kill();
  await acted;
  link.mend();
}

/** Those who got no answer ask again, workers go on, and time passes. @returns what a client was told */
async function goOn({ again, happened }: DoomedRoad): Promise<Told | undefined> {
  const { clock } = ground.market;
  clock.forward(leaseMs);
  await server.tellTime();
  const told = await again?.(server);
  await vi.waitFor(async () => {
    await server.doRounds();
    clock.forward(leaseMs);
    expect(await happened()).toBe(1);
  }, patience);
  return told;
}

it.each(kills)(
  'when a server is killed while %s, %s, another one leaves it done once',
  async (name, _, moment) => {
    const { market } = ground;
    const road: DoomedRoad = await doomedRoads[name](stage);
    await killAt(road, moment).finally(async () => {
      server = await startServer();
    });
    expect(await road.happened(), 'when it died').toBe(moment.isDone ? 1 : 0);
    await expectSound(market.db, market.tenantId, 'when it died');
    const told = await goOn(road);
    // Everybody once more: nothing comes of it, and a client is told the same.
    const toldAgain = await road.again?.(server);
    await server.doRounds();
    expect(await road.happened()).toBe(1);
    expect(told?.isReplay).toBe(told && moment.isDone);
    expect(toldAgain).toEqual(told && { ...told, isReplay: true });
    await road.inTheEnd?.(moment.isDone);
    await expectSound(market.db, market.tenantId, 'in the end');
  },
  testMsMax,
);

it(
  'of all that happened meanwhile each piece of news reached who takes webhooks, in the same words each time',
  async () => {
    const { market, receiver } = ground;
    await vi.waitFor(async () => {
      await server.doRounds();
      market.clock.forward(leaseMs);
      await server.tellTime();
      expect(await market.db.read.webhookDelivery.count({ where: { state: 'PENDING' } })).toBe(0);
    }, patience);
    const bodies = new Map<string, Set<string>>();
    for (const { headers, body } of receiver.received) {
      const id = String(headers['runam-event-id']);
      bodies.set(id, (bodies.get(id) ?? new Set()).add(body));
    }
    const news = await market.db.read.outbox.findMany({ select: { seq: true, createdAt: true } });
    const deliveries = await market.db.read.webhookDelivery.findMany({ select: { outboxSeq: true } });
    expect(deliveries.map(({ outboxSeq }) => `evt_${outboxSeq}`).toSorted()).toEqual([...bodies.keys()].toSorted());
    expect(news.map(({ seq }) => `evt_${seq}`).toSorted()).toEqual([...bodies.keys()].toSorted());
    expect([...bodies.values()].every(({ size }) => size === 1)).toBe(true);
    expect(await verifyLedger(market.db.read)).toMatchObject({ ok: true, faults: [] });
  },
  testMsMax,
);
