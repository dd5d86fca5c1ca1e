import type { Script } from './plot.type.js';
import type { Random } from './random.js';
import type { World } from './world.type.js';

export function createScript(random: Random): Script {
  const laid: { readonly afterMs: number; readonly act: (world: World, at: Date) => void }[] = [];
  let clockMs = 0;
  return {
    lengthMs: () => clockMs,
    next(gapMs, act) {
      clockMs += gapMs;
      laid.push({ afterMs: clockMs, act });
    },
    wait: (fromMs, toMs) => random.int(fromMs / 1000, toMs / 1000) * 1000,
    stepsUntil(endsAt) {
      const startsAtMs = endsAt.getTime() - clockMs;
      return laid.map(({ afterMs, act }) => ({ at: new Date(startsAtMs + afterMs), act }));
    },
  };
}

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
