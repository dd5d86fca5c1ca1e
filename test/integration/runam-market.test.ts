import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, takePlace, type Db } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { createPasswords } from '../../src/modules/users/index.js';
import { runRunam } from '../../src/runam.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let empty: TestDatabase;
let db: Db;

beforeAll(async () => {
  [database, empty] = await Promise.all([createTestDatabase(), createTestDatabase({ isEmpty: true })]);
  db = createDb({ url: database.url, logger: silentLogger });
});
afterAll(async () => {
  await db.close();
  await Promise.all([database.drop(), empty.drop()]);
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** What somebody types at a terminal, a line each. */
  readonly typed?: readonly string[];
  /** What another program puts in. */
  readonly piped?: string;
}

async function runam(words: string, { env = {}, typed, piped = '' }: Surroundings = {}): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const isTTY = typed !== undefined;
  const sink = (name: keyof typeof written) => {
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => (written[name] += chunk.toString()));
    return Object.assign(stream, { isTTY });
  };
  const stdin = Object.assign(new PassThrough(), { isTTY });
  stdin.end(typed ? typed.map((line) => `${line}\n`).join('') : piped);
  const terminal = { stdin: stdin as unknown as NodeJS.ReadStream, stdout: sink('stdout'), stderr: sink('stderr') };
  const settings = { DATABASE_URL: database.url, LOG_LEVEL: 'silent', NODE_ENV: 'test', ...env };
  const code = await runRunam({ args: words.split(' '), env: settings, terminal });
  return { code, ...written };
}

const secret = 'one two three four';
const lagos = 'market open --slug lagos --name Lagos --currency NGN --admin ops@example.com';

describe('the password of the first admin', () => {
  it.each([
    { what: 'two that differ', from: { typed: [secret, `${secret}!`] }, says: 'the two are not the same' },
    { what: 'nothing at a terminal', from: { typed: [] }, says: 'nothing was put in' },
    { what: 'nothing from a program', from: { piped: '' }, says: 'nothing was put in' },
    { what: 'one that is too short', from: { piped: 'short\n' }, says: 'must have 10 to 128 characters' },
  ])('that is $what opens no market, and ends with 2', async ({ from, says }) => {
    const { code, stdout, stderr } = await runam(lagos, from);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(says)]);
    expect(await db.read.tenant.count()).toBe(0);
  });

  it('is no argument, and one in the settings that cannot be is not shown', async () => {
    expect((await runam(`${lagos} --password ${secret}`)).code).toBe(2);
    const { code, stderr } = await runam(lagos, { env: { RUNAM_ADMIN_PASSWORD: 'tooshort' } });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('RUNAM_ADMIN_PASSWORD: got something else (not shown)'),
    ]);
    expect(await db.read.tenant.count()).toBe(0);
  });

  it('typed at a terminal is asked for twice and shown nowhere', async () => {
    const { code, stdout, stderr } = await runam(lagos, { typed: [secret, secret] });
    expect([code, stderr]).toEqual([0, 'Password of ops@example.com: \nAgain: \n']);
    expect(stdout).toContain('The market lagos is open; ops@example.com is its admin.');
    expect(stdout).not.toContain(secret);
    const { passwordHash } = await db.read.user.findFirstOrThrow();
    expect(await createPasswords().verify(passwordHash, secret)).toBe(true);
  });

  it('of the settings spares the question, and a market that is there is refused in one line of JSON', async () => {
    const { code, stdout } = await runam(`${lagos} --json`, { env: { RUNAM_ADMIN_PASSWORD: secret } });
    expect([code, JSON.parse(stdout)]).toEqual([
      1,
      { ok: false, error: { message: 'There is a market named "lagos" already; nothing was changed.' } },
    ]);
    expect([await db.read.tenant.count(), await db.read.user.count()]).toEqual([1, 1]);
  });
});

describe('what commands changed', () => {
  it('waits in the database until a server has told its cache, and the command waits for that', async () => {
    const told: string[] = [];
    const server = createDb({ url: database.url, logger: silentLogger });
    server.onCommitted(async (changes) => void told.push(...changes.map(({ model }) => model)));
    await server.tellUntold(0);
    const ofOneMarket = ['Tenant', 'User', 'UserProfile', 'RoleGrant'];
    expect(told.splice(0)).toEqual(ofOneMarket);
    let hasEnded = false;
    const kano = 'market open --slug kano --name Kano --currency NGN --admin ops@example.com';
    const opening = runam(kano, { env: { RUNAM_ADMIN_PASSWORD: secret } }).then(({ code }) => {
      hasEnded = true;
      return code;
    });
    await expect.poll(() => db.read.rowChange.count(), { timeout: 30_000, interval: 200 }).toBe(ofOneMarket.length);
    expect(hasEnded).toBe(false);
    await server.tellUntold(0);
    expect([await opening, told]).toEqual([0, ofOneMarket]);
    await server.close();
  });
});

describe('runam market and banks', () => {
  it('change fees and list them, in words and in JSON with amounts as text', async () => {
    const changed = await runam('market fees --slug lagos --commission-bps 800 --payout-fee 0');
    expect([changed.code, changed.stdout]).toEqual([
      0,
      expect.stringContaining(
        'commission 8 %, VAT on it 7.5 %, cancellation 10 % after 15 minutes, NGN 0.00 for a payout',
      ),
    ]);
    const again = await runam('market fees --slug lagos --commission-bps 800 --json');
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, isNew: false, fees: { version: 2, payoutFee: '0' } });
    const listed = JSON.parse((await runam('market list --json')).stdout) as { markets: readonly object[] };
    expect(listed.markets).toMatchObject([{ slug: 'kano' }, { slug: 'lagos', currency: 'NGN', fees: { version: 2 } }]);
    expect((await runam('market list')).stdout).toContain('lagos  Lagos, NGN, opened');
  });

  it.each([
    { words: 'market fees --slug lagos', code: 2, says: 'Name a fee to change.' },
    { words: 'market fees --slug lagos --vat-bps 1.5', code: 2, says: 'It takes a whole number.' },
    {
      words: 'market fees --slug lagos --vat-bps 10001',
      code: 2,
      says: 'vatBps: takes whole basis points from 0 to 10000.',
    },
    { words: 'market fees --slug atlantis --vat-bps 1', code: 1, says: 'No market named "atlantis".' },
    { words: 'market open --slug kano', code: 2, says: "required option '--name <name>' not specified" },
    { words: 'banks import no-such-file.json', code: 2, says: 'no-such-file.json cannot be read (ENOENT)' },
    { words: `banks import ${fileURLToPath(import.meta.url)}`, code: 2, says: 'is not JSON' },
  ])('"$words" ends with $code and says why', async ({ words, code, says }) => {
    const ended = await runam(words);
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([code, '', expect.stringContaining(says)]);
  });
});

describe('runam banks sync', () => {
  it("shows what a provider's own list changes, writes it when told to, and an import of the directory leaves it alone", async () => {
    const asked: string[] = [];
    let data: readonly object[] | undefined;
    const provider = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization}`);
      response.writeHead(data ? 200 : 500).end(JSON.stringify({ status: 'success', message: 'Banks', data }));
    });
    await new Promise<void>((resolve) => void provider.listen(0, '127.0.0.1', resolve));
    const FLUTTERWAVE_URL = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    const secrets = { FLUTTERWAVE_SECRET_KEY: 'a-secret-key', FLUTTERWAVE_WEBHOOK_SECRET: 'a-secret-hash' };
    const env = { PAYMENT_PROVIDER: 'flutterwave', FLUTTERWAVE_URL, ...secrets };
    const sync = async (more = '') => {
      const { stdout, stderr } = await runam(`banks sync --provider flutterwave --json${more}`, { env });
      return stdout === '' ? stderr : (JSON.parse(stdout) as Readonly<Record<string, unknown>>);
    };
    const inForce = async () =>
      (
        await db.read.bankCode.findMany({ where: { provider: 'flutterwave', validTo: null }, orderBy: { code: 'asc' } })
      ).map(({ code, source }) => `${code} ${source.slice(0, 11)}`);
    expect((await runam('banks import')).code).toBe(0);
    expect(JSON.stringify(await sync())).toContain('cannot be read now');
    data = [
      { id: 1, code: '044', name: 'ACCESS BANK PLC' },
      { id: 2, code: '057', name: 'Zenith Bank' },
      { id: 3, code: '999', name: 'Bank of Nowhere' },
      { id: 4, code: '070', name: 'Fidelity Bank' },
      { id: 5, code: '070', name: 'Wema Bank' },
    ];
    const first = { same: 0, ended: [], leftOut: [{ code: '999' }, { code: '070' }, { code: '070' }] };
    expect(await sync()).toMatchObject({ ...first, written: false, added: [{ code: '044' }, { code: '057' }] });
    expect(await inForce()).toEqual([]);
    expect(await sync(' --write')).toMatchObject({ ...first, written: true });
    expect(await inForce()).toEqual(['044 flutterwave', '057 flutterwave']);
    expect(await sync(' --write')).toMatchObject({ same: 2, added: [], ended: [] });
    await runam('banks import');
    data = [{ id: 1, code: '045', name: 'Access Bank' }];
    expect(await sync(' --write')).toMatchObject({
      same: 0,
      added: [{ code: '045' }],
      ended: [{ code: '044' }, { code: '057' }],
    });
    expect(await inForce()).toEqual(['045 flutterwave']);
    data = [];
    expect(JSON.stringify(await sync(' --write'))).toContain('nothing is changed');
    expect(new Set(asked)).toEqual(new Set(['/v3/banks/NG Bearer a-secret-key']));
    await new Promise((resolve) => provider.close(resolve));
  });

  it.each([
    { words: 'banks sync --provider paystack', says: 'takes flutterwave' },
    { words: 'banks sync --provider flutterwave', says: 'Set PAYMENT_PROVIDER=flutterwave' },
    { words: 'banks sync --provider flutterwave --country FR', says: 'takes NG, GH, KE, ZA' },
  ])('"$words" says what it takes', async ({ words, says }) => {
    expect(await runam(words)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(says) });
  });
});

describe('runam migrate', () => {
  it('is refused beside a server that caches in its own memory, and would not hear of what a migration changes', async () => {
    const server = await takePlace({ databaseUrl: database.url, cacheAt: 'memory', onLost: () => {} });
    const beside = await runam('migrate');
    await server.leave();
    expect([beside.code, beside.stderr]).toEqual([
      1,
      expect.stringContaining('Another RunAm process uses this database'),
    ]);
    expect((await runam('migrate')).code).toBe(0);
  });

  it('is asked for by the commands that find a database of another version, and by no cure for a newer one', async () => {
    const env = { DATABASE_URL: empty.url };
    for (const words of ['market list', 'market fees --slug lagos --vat-bps 1', 'banks import']) {
      const { code, stderr } = await runam(words, { env });
      expect([code, stderr]).toEqual([1, expect.stringContaining('run "runam migrate" first')]);
    }
    const first = await runam('migrate', { env });
    expect([first.code, first.stdout]).toEqual([0, expect.stringMatching(/^applied 2\d+_init\n/)]);
    const second = await runam('migrate', { env });
    expect([second.code, second.stdout]).toEqual([0, 'The database was up to date.\n']);
    const newer = createDb({ url: empty.url, logger: silentLogger });
    await newer.write(
      (tx) => tx.$executeRaw`
        INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '2999_later', now())`,
    );
    await newer.close();
    for (const words of ['migrate', 'market list']) {
      const { code, stderr } = await runam(words, { env });
      expect([code, stderr]).toEqual([1, expect.stringContaining('it has been used by a newer RunAm')]);
    }
  });
});
