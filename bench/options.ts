import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

const parts = ['requests', 'mutations', 'invalidation', 'bounds', 'ledger'] as const;

export interface BenchOptions {
  /** Measured time of each case. */
  readonly seconds: number;
  /** Keep-alive connections, each with one request under way at any time. */
  readonly connections: number;
  /** End with one line of JSON. */
  readonly isJson: boolean;
  /** What to measure: whole requests, the main road of an errand, parts of the cache, which take longer, or releases of escrows. */
  readonly only: (typeof parts)[number];
  /** A folder for CPU profiles of the RunAm processes. */
  readonly profileDir: string | undefined;
}

export const usage =
  'Usage: npm run bench -- [--seconds N] [--connections N] [--json] [--profile FOLDER] [--only requests|mutations|invalidation|bounds|ledger]   (defaults: 3 s a case, 16 connections)';

/** @throws Error in one sentence when the words are not of the usage */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '3' },
      connections: { type: 'string', default: '16' },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
      only: { type: 'string', default: 'requests' },
    },
  });
  return {
    seconds: wholeNumber('--seconds', values.seconds, 600),
    connections: wholeNumber('--connections', values.connections, 256),
    isJson: values.json,
    only: partOf(values.only),
    profileDir: values.profile === undefined ? undefined : resolve(values.profile),
  };
}

function partOf(text: string): BenchOptions['only'] {
  const part = parts.find((name) => name === text);
  if (part === undefined) throw new Error(`--only takes one of ${parts.join(', ')}, not "${text}".`);
  return part;
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new Error(`${name} takes a whole number from 1 to ${max}, not "${text}".`);
}
