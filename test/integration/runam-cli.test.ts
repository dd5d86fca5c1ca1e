import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExplainReport, HealthReport, KeysReport } from '../../src/admin/index.js';
import { runRunam } from '../../src/runam.js';
import { ErrandsDocument } from '../support/generated/graphql.js';
import { openMarket } from '../support/market.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { joinAs, tokenOf } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let redis: RedisProcess;
let app: TestApp;
let env: Record<string, string>;
let remote: readonly string[];

beforeAll(async () => {
  redis = await startRedis();
  const shared = { REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0' };
  app = await startTestApp({ env: { ...shared, PLATFORM_TENANT: 'lagos' } });
  env = {
    ...shared,
    DATABASE_URL: app.database.url,
    NODE_ENV: 'production',
    LOG_LEVEL: 'silent',
    JWT_SECRET: 'x'.repeat(32),
  };
  const lagos = await openMarket(app.app.db, 'lagos');
  const { email } = await joinAs(app.app.db, app.client, lagos, 'ADMIN');
  remote = ['--url', app.url, '--token', await tokenOf(app.client, email)];
});
afterAll(async () => {
  await app.close();
  await redis.stop();
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param typed what somebody types at a terminal; undefined: there is none */
async function runam(args: readonly string[], more: Record<string, string> = {}, typed?: string): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof written) => {
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => (written[name] += chunk.toString()));
    return Object.assign(stream, { isTTY: typed !== undefined });
  };
  const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
  if (typed !== undefined) stdin.write(`${typed}\n`);
  const terminal = { stdin: stdin as unknown as NodeJS.ReadStream, stdout: sink('stdout'), stderr: sink('stderr') };
  const code = await runRunam({ args, env: { ...env, ...more }, terminal });
  return { code, ...written };
}

async function isHit(): Promise<boolean> {
  return (await app.client.ask(ErrandsDocument, {})).cacheStatus.includes('; hit');
}

async function fillUp(): Promise<void> {
  await isHit();
  expect(await isHit()).toBe(true);
}

describe.each([
  { where: 'beside the servers', target: () => [] as readonly string[] },
  { where: 'through a server', target: () => remote },
])('runam cache $where', { timeout: 60_000 }, ({ target }) => {
  it.each(['clear-all', 'clear_all'])(
    '%s --force makes every entry invalid, and answers one line of JSON',
    async (command) => {
      await fillUp();
      const { code, stdout, stderr } = await runam(['cache', command, '--force', '--json', ...target()]);
      expect({ code, stderr, report: JSON.parse(stdout) }).toEqual({
        code: 0,
        stderr: '',
        report: { scope: 'everything', entries: null },
      });
      expect(stdout.split('\n')).toHaveLength(2);
      expect(await isHit()).toBe(false);
    },
  );

  it.each([['clear-all'], ['clear-reports'], ['clear-transactions'], ['clear', '--type', 'ERRAND_LIST']])(
    '%s %s %s refuses without --force when nobody can be asked, and does nothing',
    async (...command) => {
      await fillUp();
      const { code, stdout, stderr } = await runam(['cache', ...command.filter(Boolean), ...target()]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^Clear .*\? There is nobody to ask: say --force\.\n$/);
      expect(await isHit()).toBe(true);
    },
  );

  it('asks on a terminal, and does it on yes only', async () => {
    await fillUp();
    const no = await runam(['cache', 'clear-all', ...target()], {}, 'n');
    expect([no.code, no.stderr.includes('Clear everything? [y/N]'), await isHit()]).toEqual([1, true, true]);
    const yes = await runam(['cache', 'clear-all', ...target()], {}, 'y');
    expect([yes.code, yes.stdout, await isHit()]).toEqual([0, 'Cleared everything.\n', false]);
  });

  it('clear takes a pattern, a type, a market and an alias', async () => {
    for (const words of [
      ['--pattern', 'errand_list:*'],
      ['--type', 'ERRAND_LIST', '--tenant', 'lagos'],
      ['--cache-alias', 'default'],
    ]) {
      await fillUp();
      const { code } = await runam(['cache', 'clear', ...words, '--force', ...target()]);
      expect([words, code, await isHit()]).toEqual([words, 0, false]);
    }
  });

  it('keys, health and explain show what is there', async () => {
    await fillUp();
    const keys = await runam([
      'cache',
      'keys',
      '--pattern',
      'errand_list:*',
      '--tenant',
      'lagos',
      '--json',
      ...target(),
    ]);
    expect((JSON.parse(keys.stdout) as KeysReport).keys.length).toBeGreaterThan(0);
    const health = await runam(['cache', 'health', '--cache-alias', 'reports', '--json', ...target()]);
    expect(JSON.parse(health.stdout) as HealthReport).toMatchObject({
      ok: true,
      aliases: { reports: { state: 'ready' } },
    });
    const query = 'query ($first: Int) { errands(first: $first) { edges { cursor } } }';
    const asked = ['cache', 'explain', query, '--tenant', 'lagos', '--variables', '{"first":7}'];
    const explain = await runam([...asked, '--json', ...target()]);
    expect((JSON.parse(explain.stdout) as ExplainReport).fields[0]).toMatchObject({
      field: 'errands',
      explanation: { reason: 'cold' },
    });
    const shown = await runam([...asked, ...target()]);
    expect(shown.stdout).toMatch(/^errands: no hit: nothing is stored under this key/);
    expect(shown.stdout).toContain('acked: never older than any write answered before the read began');
  });

  it('warm loads, so that the next read is a hit', async () => {
    await runam(['cache', 'clear-all', '--force', ...target()]);
    const { code, stdout } = await runam(['cache', 'warm', '--type', 'ERRAND_LIST', '--tenant', 'lagos', ...target()]);
    expect([code, stdout.replace(/in \d+ ms/, '')]).toEqual([
      0,
      '2 entries : 2 loaded, 0 were warm, 0 not cached, 0 failed.\n',
    ]);
    expect(await isHit()).toBe(true);
  });

  it.each([
    { words: ['clear', '--force'], says: 'Name what to clear' },
    { words: ['clear', '--type', 'CHEESE', '--force'], says: '"CHEESE" is not a cached type; takes USER_DATA' },
    { words: ['stats', '--cache-alias', 'cheese'], says: 'no such alias; takes default' },
    { words: ['keys', '--limit', 'many'], says: 'whole number' },
    { words: ['explain', '{ banks { id } }', '--variables', '[]'], says: 'JSON object' },
    { words: ['explain', '{ cheese }'], says: 'Cannot query field' },
    { words: ['melt'], says: "unknown command 'melt'" },
    { words: ['stats', '--cheese'], says: "unknown option '--cheese'" },
  ])('$words ends with 2 and says what it takes', async ({ words, says }) => {
    const { code, stderr } = await runam(['cache', ...words, ...target()]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
  });
});

describe('runam cache', { timeout: 60_000 }, () => {
  it('stats are counted by a server; beside it they are what stands in Redis, and are said to be', async () => {
    await fillUp();
    const through = await runam(['cache', 'stats', ...remote]);
    expect(through.stdout).toMatch(/^ +reads +hit ratio/);
    expect(through.stdout).toContain('ERRAND_LIST');
    const beside = await runam(['cache', 'stats', '--json']);
    expect(JSON.parse(beside.stdout)).toMatchObject({
      entries: expect.any(Number),
      note: expect.stringContaining('--url'),
    });
  });

  it('advise needs a server that has seen reads', async () => {
    const { code, stderr } = await runam(['cache', 'advise']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('name it with --url and --token')]);
    const through = await runam(['cache', 'advise', '--json', ...remote]);
    expect(JSON.parse(through.stdout)).toMatchObject({ types: expect.any(Array), watchedS: expect.any(Number) });
  });

  it('without Redis says where the cache is, instead of clearing one of its own', async () => {
    await fillUp();
    const { code, stderr } = await runam(['cache', 'clear-all', '--force'], { REDIS_URL: '' });
    expect([code, stderr]).toEqual([2, expect.stringContaining('in the memory of the server process')]);
    expect(await isHit()).toBe(true);
  });

  it('a server that is not there, a token that is none and none at all are told in one sentence', async () => {
    const away = await runam(['cache', 'health', '--url', 'http://127.0.0.1:1', '--token', 'x']);
    expect([away.code, away.stderr]).toEqual([
      1,
      expect.stringMatching(/^No server answers at http:\/\/127\.0\.0\.1:1: .+\n$/),
    ]);
    const bad = await runam(['cache', 'health', '--url', app.url, '--token', 'x', '--json']);
    expect([bad.code, JSON.parse(bad.stdout)]).toEqual([1, { ok: false, error: { message: expect.any(String) } }]);
    const none = await runam(['cache', 'health', '--url', app.url]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('RUNAM_TOKEN')]);
  });

  it.each(['localhost:4000', 'ftp://localhost', 'here'])('%s is no address of a server', async (url) => {
    const { code, stderr } = await runam(['cache', 'health', '--url', url, '--token', 'x']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('such as http://localhost:4000')]);
  });

  it('a setting that cannot be used is told in one sentence, and nothing is done', async () => {
    const { code, stderr } = await runam(['cache', 'health'], { CACHE_TIMEOUT_ROLES: 'long' });
    expect([code, stderr]).toEqual([1, expect.stringContaining('CACHE_TIMEOUT_ROLES: got "long"')]);
  });

  it('words that cannot be used are one line of JSON, too, for a program that asks for it', async () => {
    const { code, stdout } = await runam(['cache', 'keys', '--limit', 'many', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([
      2,
      { ok: false, error: { message: expect.stringContaining('--limit') } },
    ]);
  });

  it('help is help', async () => {
    const { code, stdout } = await runam(['cache', '--help']);
    expect(code).toBe(0);
    for (const word of ['stats', 'health', 'keys', 'clear', 'clear-all', 'clear-reports', 'warm', 'explain', 'advise'])
      expect(stdout).toContain(word);
  });
});
