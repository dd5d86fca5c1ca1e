import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7, type AnonymousViewer } from '../../src/kernel/index.js';
import { createPasswords, type Passwords } from '../../src/modules/users/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import {
  addTenant,
  openOffice,
  password,
  person,
  setStatus,
  stillClock,
  viewerOfSignIn,
  type Office,
} from './users.support.js';

let database: TestDatabase;
let office: Office;
let lagos: string;
let nairobi: string;
const clock = stillClock();
const verified: (string | undefined)[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  office = openOffice({ url: database.url, clock, passwords: noting(createPasswords()) });
  lagos = await addTenant(office.db, 'lagos');
  nairobi = await addTenant(office.db, 'nairobi');
});

afterAll(async () => {
  await office?.db.close();
  await database?.drop();
});

/** The real hashes, with a note of what each verification was asked to compare with. */
function noting(passwords: Passwords): Passwords {
  return {
    hash: (text) => passwords.hash(text),
    verify(kept, text) {
      verified.push(kept);
      return passwords.verify(kept, text);
    },
  };
}

describe('signing up', () => {
  it('answers with the user, their profile and role, and tokens that work', async () => {
    const { user, ...tokens } = await office.accounts.signUp(
      lagos,
      {
        ...person('ada'),
        email: ' Ada@RunAm.test ',
        displayName: ' Ada  ',
        phone: '+234 801 234 5678',
        role: 'RUNNER',
      },
      'test browser',
    );
    expect(user).toMatchObject({ tenantId: lagos, email: 'ada@runam.test', phone: '+2348012345678', status: 'ACTIVE' });
    expect(user).toMatchObject({ roles: ['RUNNER'], profile: { displayName: 'Ada', version: 1, ratingCount: 0 } });
    expect(tokens.expiresIn).toBe(900);
    const identity = await office.tokens.verifyAccess(tokens.accessToken);
    expect(identity).toMatchObject({ userId: user.id, tenantId: lagos });
    const session = await office.db.read.session.findUnique({ where: { id: identity.sessionId } });
    expect(session).toMatchObject({ userId: user.id, userAgent: 'test browser', revokedAt: null });
    expect((await office.accounts.refresh(tokens.refreshToken)).user.id).toBe(user.id);
  });

  it('hands the password hash to nobody and keeps neither password nor refresh token', async () => {
    const signedIn = await office.accounts.signUp(lagos, person('secretive'));
    expect(JSON.stringify(signedIn)).not.toContain('argon2');
    const row = await office.db.read.user.findUniqueOrThrow({
      where: { id: signedIn.user.id },
      include: { sessions: { include: { refreshTokens: true } } },
    });
    const kept = row.sessions.flatMap(({ refreshTokens }) =>
      refreshTokens.map(({ tokenHash }) => Buffer.from(tokenHash)),
    );
    expect(kept.map((hash) => hash.length)).toEqual([32]);
    expect(kept.map((hash) => hash.toString('base64url'))).not.toContain(signedIn.refreshToken);
    expect(row.passwordHash).toMatch(/^\$argon2id\$/);
    expect(JSON.stringify(row)).not.toContain(password);
  });

  it('refuses an address or a number that another account of the market has, saying which', async () => {
    await office.accounts.signUp(lagos, { ...person('taken'), phone: '+2348000000001' });
    await expect(office.accounts.signUp(lagos, { ...person('x'), email: 'TAKEN@runam.test' })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      fields: [{ path: 'input.email' }],
    });
    await expect(
      office.accounts.signUp(lagos, { ...person('other'), phone: '+234 800 000 0001' }),
    ).rejects.toMatchObject({ code: 'ALREADY_EXISTS', fields: [{ path: 'input.phone' }] });
    expect(await office.db.read.user.count({ where: { email: 'other@runam.test' } })).toBe(0);
  });

  it('lets one address have an account in each market, each with its own password', async () => {
    await office.accounts.signUp(lagos, person('twice'));
    await office.accounts.signUp(nairobi, { ...person('twice'), password: 'another-password' });
    await expect(office.accounts.signIn(nairobi, 'twice@runam.test', password)).rejects.toMatchObject({
      code: 'INVALID_CREDENTIALS',
    });
    const { user } = await office.accounts.signIn(nairobi, 'twice@runam.test', 'another-password');
    expect(user.tenantId).toBe(nairobi);
  });

  it('refuses a market that does not exist', async () => {
    await expect(office.accounts.signUp(uuidv7(), person('lost'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('signing in', () => {
  it('takes the address in any case and with spaces around it', async () => {
    await office.accounts.signUp(lagos, person('bola'));
    const { user } = await office.accounts.signIn(lagos, ' BOLA@runam.test ', password);
    expect(user.email).toBe('bola@runam.test');
  });

  it('cannot be told apart for an unknown address and a wrong password: same error, same statements, one hash each', async () => {
    await office.accounts.signUp(lagos, person('known'));
    const failures = [];
    for (const email of ['known@runam.test', 'unknown@runam.test', 'not an address']) {
      verified.length = 0;
      office.statements.length = 0;
      const error: unknown = await office.accounts
        .signIn(lagos, email, 'wrong-password')
        .catch((fault: unknown) => fault);
      failures.push({
        code: (error as { code: string }).code,
        message: String(error),
        statements: [...office.statements],
      });
      expect(verified).toHaveLength(1);
    }
    expect(failures[0]?.code).toBe('INVALID_CREDENTIALS');
    expect(failures[0]?.statements).toHaveLength(1);
    expect(failures[1]).toEqual(failures[0]);
    expect(failures[2]).toEqual(failures[0]);
  });

  it('is refused after ten failures for 15 minutes, whether the account exists or not, and then works again', async () => {
    await office.accounts.signUp(lagos, person('target'));
    const refusals = [];
    for (const email of ['target@runam.test', 'nobody-here@runam.test']) {
      for (let round = 0; round < 10; round += 1) {
        const failure = office.accounts.signIn(lagos, round % 2 ? email : ` ${email.toUpperCase()} `, 'wrong-password');
        await expect(failure).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
      }
      verified.length = 0;
      office.statements.length = 0;
      const refusal = await office.accounts.signIn(lagos, email, password).catch((fault: unknown) => fault);
      refusals.push({ ...(refusal as object), message: String(refusal) });
      expect([verified, office.statements]).toEqual([[], []]);
    }
    expect(refusals[0]).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    expect(refusals[1]).toEqual(refusals[0]);
    clock.forwardMs(15 * 60_000);
    expect((await office.accounts.signIn(lagos, 'target@runam.test', password)).user.email).toBe('target@runam.test');
  });

  it('tells a suspended or closed account only to who knows its password', async () => {
    const { user } = await office.accounts.signUp(lagos, person('suspended'));
    await setStatus(office.db, user.id, 'SUSPENDED');
    const wrong = office.accounts.signIn(lagos, user.email, 'wrong-password');
    await expect(wrong).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
    const right = office.accounts.signIn(lagos, user.email, password);
    await expect(right).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('suspended'),
    });
    await setStatus(office.db, user.id, 'CLOSED');
    const closed = office.accounts.signIn(lagos, user.email, password);
    await expect(closed).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('closed') });
  });
});

describe('signing out', () => {
  it('ends this session and leaves the others of the user', async () => {
    const first = await office.accounts.signUp(lagos, person('two-devices'));
    const second = await office.accounts.signIn(lagos, first.user.email, password);
    expect(await office.accounts.signOut(await viewerOfSignIn(office, first))).toBe(1);
    await expect(office.accounts.refresh(first.refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await office.accounts.refresh(second.refreshToken)).user.id).toBe(first.user.id);
  });

  it('with `all` ends every session of the user and of nobody else', async () => {
    const first = await office.accounts.signUp(lagos, person('everywhere'));
    const second = await office.accounts.signIn(lagos, first.user.email, password);
    const stranger = await office.accounts.signUp(lagos, person('stranger'));
    const viewer = await viewerOfSignIn(office, first);
    expect(await office.accounts.signOut(viewer, { all: true })).toBe(2);
    expect(await office.accounts.signOut(viewer, { all: true })).toBe(0);
    await expect(office.accounts.refresh(second.refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await office.accounts.refresh(stranger.refreshToken)).user.id).toBe(stranger.user.id);
    expect(await office.accounts.sessionOf(viewer.sessionId)).toMatchObject({ revokedAt: clock.now() });
  });

  it('is for who is signed in', async () => {
    const viewer: AnonymousViewer = { kind: 'anonymous', tenantId: lagos, roles: new Set() };
    await expect(office.accounts.signOut(viewer)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('permissionsOf', () => {
  it('is one statement and the same after a round trip through JSON', async () => {
    const { user } = await office.accounts.signUp(lagos, person('plain'));
    office.statements.length = 0;
    const permissions = await office.accounts.permissionsOf(user.id);
    expect(office.statements).toHaveLength(1);
    expect(permissions).toEqual({ userId: user.id, tenantId: lagos, status: 'ACTIVE', roles: ['CUSTOMER'] });
    expect(JSON.parse(JSON.stringify(permissions))).toEqual(permissions);
    expect(await office.accounts.permissionsOf(uuidv7())).toBeUndefined();
    expect(await office.accounts.permissionsOf('nobody')).toBeUndefined();
  });
});
