import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const program = fileURLToPath(new URL('../../scripts/cache-check.mjs', import.meta.url));
/** Far more than a quiet machine takes. */
const testMsMax = 300_000;
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'runam-'));
  await chmod(home, 0o755);
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** The command, with a folder of its own for all it writes. */
function start(words: string) {
  const child = spawn(process.execPath, [program, ...words.split(' ')], {
    env: { PATH: process.env['PATH'], TMPDIR: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => said.push(`${line}\n`));
  const ended = once(child, 'close') as Promise<[number | null]>;
  return { child, ended, said: () => said.join('') };
}

async function run(words: string) {
  const { ended, said } = start(words);
  const [exitCode] = await ended;
  // Of two streams: a warning may come after it.
  const json = said()
    .split('\n')
    .findLast((line) => line.startsWith('{'));
  return { exitCode, said: said(), json: json === undefined ? undefined : (JSON.parse(json) as Result) };
}

interface Counts {
  readonly reads: number;
  readonly writes: number;
  readonly hitRatio: number;
  readonly violations: number;
}
interface Result {
  readonly ok: boolean;
  readonly tiers: Readonly<Record<'strict' | 'acked', Counts>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly control: Counts;
  readonly ablations: Readonly<Record<string, Counts>>;
}

/** Nothing on disk, and no process that was started for it. */
async function nothingIsLeft(): Promise<void> {
  expect(await readdir(home)).toEqual([]);
  if (process.platform !== 'linux') return;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(gone)));
  expect(commands.filter((environment) => environment.includes(home))).toEqual([]);
}

/** It ended between the two looks, or is none of ours. */
function gone(): string {
  return '';
}

describe('npm run cache:check', { timeout: testMsMax }, () => {
  it('sees every promise kept through crashes, stalls, flushes, partitions and restarts of Redis, and broken by DEL after commit', async () => {
    const faults = '--crash 5 --flush --delay 20 --redis-restart --stall --partition';
    const { exitCode, said, json } = await run(`--processes 3 --seconds 12 --ends-when-caught --json ${faults}`);
    expect(exitCode, said).toBe(0);
    expect(json?.ok).toBe(true);
    for (const tier of ['strict', 'acked'] as const) {
      expect(json?.tiers[tier].violations, said).toBe(0);
      expect(json?.tiers[tier].hitRatio).toBeGreaterThan(0);
      expect(json?.tiers[tier].writes).toBeGreaterThan(0);
    }
    for (const fault of ['crashes', 'flushes', 'redisRestarts', 'stalls', 'partitions'])
      expect(json?.faults[fault], fault).toBeGreaterThan(0);
    expect(json?.control.violations).toBeGreaterThan(0);
    await nothingIsLeft();
  });

  it('sees violations as soon as any one safety of the cache is taken out', async () => {
    const names = ['s0-before-load', 'join-fence', 'begin-before-commit', 'quarantine'];
    const ablations = names.map((name) => `--ablate ${name}`).join(' ');
    const { exitCode, said, json } = await run(`--processes 2 --seconds 20 --ends-when-caught --json ${ablations}`);
    expect(exitCode, said).toBe(1);
    expect(json?.ok).toBe(false);
    expect(Object.keys(json?.ablations ?? {})).toEqual(names);
    for (const name of names) expect(json?.ablations[name]?.violations, `${name}\n${said}`).toBeGreaterThan(0);
    await nothingIsLeft();
  });

  it.each([
    { words: '--processes none', says: '--processes takes a whole number from 1 to 16, not "none".' },
    { words: '--crash 80', says: '--crash takes a whole number from 0 to 50, not "80".' },
    {
      words: '--ablate fence',
      says: '--ablate takes one of s0-before-load, join-fence, begin-before-commit, quarantine, not "fence".',
    },
    { words: '--fast', says: "Unknown option '--fast'" },
  ])('refuses $words, says what it takes, and leaves nothing behind', async ({ words, says }) => {
    const { exitCode, said } = await run(words);
    expect(exitCode).toBe(2);
    expect(said).toContain(says);
    expect(said).toContain('Usage: npm run cache:check');
    await nothingIsLeft();
  });

  it('stops when it is interrupted, and leaves nothing behind', async () => {
    const { child, ended, said } = start('--processes 2 --seconds 600');
    await vi.waitFor(() => expect(said()).toContain('s of load'), { timeout: testMsMax / 2, interval: 20 });
    child.kill('SIGINT');
    expect((await ended)[0], said()).toBe(1);
    await vi.waitFor(nothingIsLeft, { timeout: 30_000, interval: 100 });
  });
});
