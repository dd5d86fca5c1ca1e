import { parseArgs } from 'node:util';
import { ablations, type Ablation } from './variants.js';

export interface CheckOptions {
  readonly processes: number;
  /** How long the load lasts, for each variant of the cache. */
  readonly seconds: number;
  readonly seed: number;
  readonly faults: FaultOptions;
  /** CACHE_ON_REDIS_LOSS. With `commit`, a process that alone lost Redis makes strict writes as if they were acked. */
  readonly onRedisLoss: 'abort' | 'commit';
  /** End with one line of JSON. */
  readonly isJson: boolean;
  /** Each is run by itself; none: our cache as it is. */
  readonly ablations: readonly Ablation[];
  /** What ought to be caught ends as soon as it is. */
  readonly endsWhenCaught: boolean;
}

export interface FaultOptions {
  /** Of a hundred committed writes, how many have their process killed before they can tell the cache. */
  readonly crashPercent: number;
  /** Longest delay of a message to or from Redis, each way. */
  readonly delayMsMax: number;
  readonly flush: boolean;
  readonly redisRestart: boolean;
  readonly stall: boolean;
  readonly partition: boolean;
}

export const noFaults: FaultOptions = {
  crashPercent: 0,
  delayMsMax: 0,
  flush: false,
  redisRestart: false,
  stall: false,
  partition: false,
};

export const usage = `Usage: npm run cache:check -- [--processes N] [--seconds N] [--seed N] [faults] [--ablate NAME]… [--json]
  --processes N     server processes, 1 to 16 (default 4)
  --seconds N       how long the load lasts, 1 to 3600 (default 60); the control lasts 20 at most
  --seed N          chooses who does what; without it, any
  --crash PERCENT   kills the process of so many writes between COMMIT and telling the cache, 0 to 50
  --delay MS        delays every message to and from Redis by up to so much, 0 to 1000
  --flush           empties Redis again and again
  --redis-restart   kills Redis and starts it again, empty or from an old dump
  --stall           stops processes for 0.2 to 3 seconds
  --partition       cuts single processes off from Redis
  --on-redis-loss commit|abort  what becomes of strict writes that cannot be announced (default abort). With commit, a
                    partition makes strict as good as acked; how old its reads were is printed
  --ablate NAME     checks the cache without one of its safeties, under the load and the faults that bring it out. It must
                    show violations: exit 1, or 3 when it shows none; ${ablations.join(', ')}
  --ends-when-caught  ends the control and the ablations as soon as they have shown violations
  --json            ends with one line of JSON
Exit: 0 every promise was kept and the control broke it, 1 not so, 2 wrong usage, 3 an ablation went unnoticed.`;

/** @throws Error in one sentence when the words are not of the usage */
export function parseOptions(args: readonly string[]): CheckOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      processes: { type: 'string', default: '4' },
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      crash: { type: 'string', default: '0' },
      delay: { type: 'string', default: '0' },
      flush: { type: 'boolean', default: false },
      'redis-restart': { type: 'boolean', default: false },
      stall: { type: 'boolean', default: false },
      partition: { type: 'boolean', default: false },
      'on-redis-loss': { type: 'string', default: 'abort' },
      ablate: { type: 'string', multiple: true, default: [] },
      'ends-when-caught': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    processes: wholeNumber('--processes', values.processes, 1, 16),
    seconds: wholeNumber('--seconds', values.seconds, 1, 3600),
    seed: wholeNumber('--seed', values.seed, 0, 2 ** 31 - 1),
    faults: {
      crashPercent: wholeNumber('--crash', values.crash, 0, 50),
      delayMsMax: wholeNumber('--delay', values.delay, 0, 1000),
      flush: values.flush,
      redisRestart: values['redis-restart'],
      stall: values.stall,
      partition: values.partition,
    },
    onRedisLoss: lossOf(values['on-redis-loss']),
    isJson: values.json,
    ablations: [...new Set(values.ablate.map(ablationOf))],
    endsWhenCaught: values['ends-when-caught'],
  };
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Error(`${name} takes a whole number from ${min} to ${max}, not "${text}".`);
}

function lossOf(text: string): CheckOptions['onRedisLoss'] {
  if (text === 'abort' || text === 'commit') return text;
  throw new Error(`--on-redis-loss takes abort or commit, not "${text}".`);
}

function ablationOf(name: string): Ablation {
  const found = ablations.find((ablation) => ablation === name);
  if (found) return found;
  throw new Error(`--ablate takes one of ${ablations.join(', ')}, not "${name}".`);
}
