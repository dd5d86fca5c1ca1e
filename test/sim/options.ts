import { parseArgs } from 'node:util';
import { breakNames, type Break } from './breaks.js';

export interface SimOptions {
  readonly seed: number;
  readonly steps: number;
  /** End with one line of JSON. */
  readonly isJson: boolean;
  /** The guard to be taken out. Default none. */
  readonly breaks: Break | undefined;
}

export const usage = `Usage: npm run sim -- [--seed N] [--steps N] [--break GUARD] [--json]
  --seed N       chooses who does what, and what goes wrong (default 1)
  --steps N      1 to 1000000 (default 2000)
  --break GUARD  takes a guard out of the table of transitions, to see that it is missed: ${breakNames.join(', ')}
  --json         ends with one line of JSON
Exit: 0 nothing was broken, 1 something was, 2 wrong usage.`;

/** @throws Error in one sentence when the words are not of the usage */
export function parseOptions(args: readonly string[]): SimOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      steps: { type: 'string', default: '2000' },
      break: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    seed: wholeNumber('--seed', values.seed, 0, 2 ** 31 - 1),
    steps: wholeNumber('--steps', values.steps, 1, 1_000_000),
    isJson: values.json,
    breaks: values.break === undefined ? undefined : breakOf(values.break),
  };
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Error(`${name} takes a whole number from ${min} to ${max}, not "${text}".`);
}

function breakOf(name: string): Break {
  const found = breakNames.find((one) => one === name);
  if (found) return found;
  throw new Error(`--break takes one of ${breakNames.join(', ')}, not "${name}".`);
}
