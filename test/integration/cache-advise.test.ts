import { beforeAll, describe, expect, it } from 'vitest';
import { createAdvisor, type AdviceReport, type AdvisorOptions } from '../../src/admin/index.js';
import type { CacheEvent } from '../../src/cache/index.js';
import { createRandom } from '../../src/seed/random.js';
import { createTraceRecorder, replayHitRatios, retell, type TraceEvent } from '../support/cache-trace.js';
import { createChecker } from '../support/checker.js';
import { createWorld, runLoad } from '../support/load.js';
import { openMarket } from '../support/market.js';
import { startTestApp } from '../support/test-app.js';

/** Seconds of a real run are told as minutes, so that times to live of every day fit into it. */
const stretch = 100;
const candidatesS = [5, 15, 60, 300, 3600];
/** Reads that ran side by side in the real run follow each other in a replay, so a few end differently. */
const toleranceMax = 0.03;
const policy = { ttlMs: 60_000, tier: 'acked' };

/** The advice of somebody who saw the trace. */
function adviceOn(trace: readonly TraceEvent[], options: Partial<AdvisorOptions> = {}): AdviceReport {
  let nowMs = 0;
  let observe: (event: CacheEvent) => void = () => {};
  const advisor = createAdvisor({
    cache: {
      on(observer) {
        observe = observer;
        return () => {};
      },
    },
    policyOf: () => policy,
    now: () => nowMs,
    candidatesS,
    ...options,
  });
  retell(
    trace,
    (atMs) => (nowMs = atMs),
    (event) => observe(event),
  );
  return advisor.advise();
}

describe('advice from a trace of a real run', () => {
  let trace: readonly TraceEvent[];
  let advice: AdviceReport;
  /** By candidate, seconds, and type. */
  let measured: ReadonlyMap<number, ReadonlyMap<string, number>>;

  beforeAll(async () => {
    const startedMs = performance.now();
    const recorder = createTraceRecorder(() => (performance.now() - startedMs) * stretch);
    const app = await startTestApp({ onCacheEvent: recorder.observe });
    try {
      await openMarket(app.app.db);
      const world = await createWorld({ urls: [app.url], checker: createChecker(), areasCount: 3 });
      await runLoad({ world, seed: 7, workersCount: 3, writesPercent: 10, goesOn: (operations) => operations < 800 });
      if (world.faults.length > 0) throw new Error(`the load was refused: ${world.faults.join('; ')}`);
    } finally {
      await app.close();
    }
    trace = [...recorder.trace];
    advice = adviceOn(trace);
    measured = await replayAll(trace);
  }, 240_000);

  it('predicts for every candidate the hit ratio that a replay at that time to live then has, within three in a hundred', () => {
    const judged = advice.types.filter(({ verdict }) => verdict !== 'too-few-reads');
    expect(judged.length).toBeGreaterThan(4);
    const off: string[] = [];
    for (const { type, predictions } of judged) {
      for (const { ttlS, hitRatio } of predictions) {
        const real = measured.get(ttlS)!.get(type)!;
        if (Math.abs(real - hitRatio) > toleranceMax)
          off.push(`${type} at ${ttlS} s: ${hitRatio} foretold, ${real} measured`);
      }
    }
    expect(off).toEqual([]);
    const ratios = judged.flatMap(({ predictions }) => predictions.map(({ hitRatio }) => hitRatio));
    expect(Math.max(...ratios) - Math.min(...ratios), 'the candidates differ').toBeGreaterThan(0.3);
  });

  it('advises a time to live that gives, replayed, all but two in a hundred of the hits that any gives', () => {
    for (const { type, recommendedTtlS, predictions, verdict } of advice.types) {
      if (verdict !== 'caches-well' || recommendedTtlS === undefined) continue;
      const best = Math.max(...predictions.map(({ ttlS }) => measured.get(ttlS)!.get(type)!));
      expect(measured.get(recommendedTtlS)!.get(type), type).toBeGreaterThanOrEqual(best * 0.98);
    }
  });

  it('is off when invalidations are left out of what was seen (the comparison can fail)', () => {
    const blind = adviceOn(trace.filter(({ kind }) => kind === 'read').map(withoutReason));
    const { predictions } = blind.types.find(({ type }) => type === 'ERRAND_LIST')!;
    const last = predictions.at(-1)!;
    expect(last.hitRatio - measured.get(last.ttlS)!.get('ERRAND_LIST')!).toBeGreaterThan(0.05);
  });
});

function withoutReason(event: TraceEvent): TraceEvent {
  if (event.kind !== 'read' || event.outcome.reason === 'open-write') return event;
  const { reason: _, ...outcome } = event.outcome;
  return { ...event, outcome };
}

describe('advice from a sample', () => {
  it('of one key in ten is within five in a hundred of the replay of all', async () => {
    const trace = syntheticTrace(2000, 20_000);
    const [type] = adviceOn(trace, { keysMax: 200 }).types;
    expect(type!.keys).toBeLessThanOrEqual(200);
    expect(type!.sampled).toBeLessThan(0.2);
    const all = await replayAll(trace);
    for (const { ttlS, hitRatio } of type!.predictions)
      expect(Math.abs(all.get(ttlS)!.get('T')! - hitRatio), `at ${ttlS} s`).toBeLessThan(0.05);
  }, 240_000);
});

async function replayAll(trace: readonly TraceEvent[]): Promise<ReadonlyMap<number, ReadonlyMap<string, number>>> {
  const found = new Map<number, ReadonlyMap<string, number>>();
  for (const ttlS of candidatesS) found.set(ttlS, await replayHitRatios(trace, ttlS * 1000));
  return found;
}

/** Reads of many keys, some oftener than others, and bumps of some, over two hours. */
function syntheticTrace(keysCount: number, eventsCount: number): readonly TraceEvent[] {
  const random = createRandom(3);
  const outcome = { kind: 'miss', type: 'T', tier: 'acked', ageMs: 0, ttlMs: 0, tookMs: 0 } as const;
  return Array.from({ length: eventsCount }, (_, index): TraceEvent => {
    const atMs = (index * 7_200_000) / eventsCount;
    // The smaller of two draws: lower keys are read oftener.
    const key = `k${Math.min(random.int(1, keysCount), random.int(1, keysCount))}`;
    if (random.chance(5)) return { kind: 'bump', tags: [key], atMs };
    return { kind: 'read', outcome: { ...outcome, key }, tags: [key], atMs };
  });
}
