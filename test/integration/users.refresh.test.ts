import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '../../src/kernel/index.js';
import type { SignedIn } from '../../src/modules/users/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { addTenant, openOffice, person, releaseTogether, setStatus, stillClock, type Office } from './users.support.js';

const dayMs = 86_400_000;
const racers = 8;
let database: TestDatabase;
let office: Office;
let rivals: readonly Office[];
let lagos: string;
const clock = stillClock();

beforeAll(async () => {
  database = await createTestDatabase();
  office = openOffice({ url: database.url, clock });
  rivals = Array.from({ length: racers }, () => openOffice({ url: database.url, clock }));
  lagos = await addTenant(office.db, 'lagos');
});

afterAll(async () => {
  await Promise.all([office, ...(rivals ?? [])].map((open) => open?.db.close()));
  await database?.drop();
});

async function sessionOf({ accessToken }: SignedIn) {
  const { sessionId } = await office.tokens.verifyAccess(accessToken);
  return office.db.read.session.findUniqueOrThrow({ where: { id: sessionId }, include: { refreshTokens: true } });
}

describe('refreshing', () => {
  it('keeps the session and gives a new pair each time', async () => {
    const first = await office.accounts.signUp(lagos, person('walker'));
    const second = await office.accounts.refresh(first.refreshToken);
    const third = await office.accounts.refresh(second.refreshToken);
    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
    expect((await sessionOf(third)).id).toBe((await sessionOf(first)).id);
    expect((await sessionOf(third)).refreshTokens).toHaveLength(3);
  });

  it('ends the whole session when a spent token comes back, also for the one who holds the newest token', async () => {
    const first = await office.accounts.signUp(lagos, person('copied'));
    const second = await office.accounts.refresh(first.refreshToken);
    await expect(office.accounts.refresh(first.refreshToken)).rejects.toMatchObject({ code: 'SESSION_REUSED' });
    expect(await sessionOf(first)).toMatchObject({ revokedAt: clock.now(), revokedReason: 'REFRESH_TOKEN_REUSED' });
    await expect(office.accounts.refresh(second.refreshToken)).rejects.toMatchObject({ code: 'SESSION_REUSED' });
    expect((await sessionOf(first)).refreshTokens).toHaveLength(2);
  });

  it('ends only that session: other devices of the user stay signed in', async () => {
    const phone = await office.accounts.signUp(lagos, person('devices'));
    const laptop = await office.accounts.signIn(lagos, phone.user.email, 'runam-demo');
    await office.accounts.refresh(phone.refreshToken);
    await expect(office.accounts.refresh(phone.refreshToken)).rejects.toMatchObject({ code: 'SESSION_REUSED' });
    expect((await office.accounts.refresh(laptop.refreshToken)).user.id).toBe(phone.user.id);
  });

  it('refuses unknown, malformed and run-out tokens', async () => {
    const unknown = office.tokens.newRefresh().token;
    await expect(office.accounts.refresh(unknown)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(office.accounts.refresh('not a token')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const { refreshToken } = await office.accounts.signUp(lagos, person('sleeper'));
    clock.forwardMs(30 * dayMs);
    await expect(office.accounts.refresh(refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('carries a session no further than 180 days, however often it is refreshed', async () => {
    let latest = await office.accounts.signUp(lagos, person('marathon'));
    const { expiresAt } = await sessionOf(latest);
    for (let day = 0; day < 160; day += 20) {
      clock.forwardMs(20 * dayMs);
      latest = await office.accounts.refresh(latest.refreshToken);
    }
    const lastToken = (await sessionOf(latest)).refreshTokens.find(({ usedAt }) => usedAt === null);
    expect(lastToken?.expiresAt).toEqual(expiresAt);
    clock.forwardMs(20 * dayMs);
    await expect(office.accounts.refresh(latest.refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('gives a suspended user nothing and spends nothing, so that the session goes on once the account does', async () => {
    const { user, refreshToken } = await office.accounts.signUp(lagos, person('paused'));
    await setStatus(office.db, user.id, 'SUSPENDED');
    const paused = office.accounts.refresh(refreshToken);
    await expect(paused).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('suspended'),
    });
    await setStatus(office.db, user.id, 'ACTIVE');
    expect((await office.accounts.refresh(refreshToken)).user.id).toBe(user.id);
  });
});

describe('refreshing at the same time', () => {
  it('lets exactly one of the requests with one token win and leaves the session standing', async () => {
    const first = await office.accounts.signUp(lagos, person('tabs'));
    const outcomes = await race(first, (rival) => rival.accounts.refresh(first.refreshToken));
    const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(won).toHaveLength(1);
    expect(lost.map(({ reason }) => (reason as AppError).code)).toEqual(Array(racers - 1).fill('VERSION_CONFLICT'));
    expect(lost.every(({ reason }) => !(reason as AppError).retryable)).toBe(true);
    const session = await sessionOf(first);
    expect(session.revokedAt).toBeNull();
    expect(session.refreshTokens).toHaveLength(2);
    expect((await office.accounts.refresh(won[0]!.value.refreshToken)).user.id).toBe(first.user.id);
  });

  it('gives nothing to a request that comes while the session is being signed out', async () => {
    const first = await office.accounts.signUp(lagos, person('leaving'));
    const { sessionId } = await office.tokens.verifyAccess(first.accessToken);
    const signOut = `UPDATE session SET revoked_at = created_at, revoked_reason = 'SIGNED_OUT' WHERE id = $1`;
    let outcome: Promise<PromiseSettledResult<SignedIn>[]> | undefined;
    await releaseTogether(database.url, [signOut, sessionId], 1, () => {
      outcome = Promise.allSettled([office.accounts.refresh(first.refreshToken)]);
    });
    expect(await outcome).toMatchObject([{ status: 'rejected', reason: { code: 'UNAUTHENTICATED' } }]);
    expect((await sessionOf(first)).refreshTokens).toHaveLength(1);
  });

  it('ends the session when a loser sends its spent token again', async () => {
    const first = await office.accounts.signUp(lagos, person('stubborn'));
    await race(first, (rival) => rival.accounts.refresh(first.refreshToken));
    await expect(office.accounts.refresh(first.refreshToken)).rejects.toMatchObject({ code: 'SESSION_REUSED' });
    expect((await sessionOf(first)).revokedReason).toBe('REFRESH_TOKEN_REUSED');
  });

  it('ends the session when a spent token comes back while the newest is being refreshed, in whichever order', async () => {
    const first = await office.accounts.signUp(lagos, person('thief'));
    const second = await office.accounts.refresh(first.refreshToken);
    const outcomes = await race(first, (rival, index) =>
      rival.accounts.refresh(index === 0 ? first.refreshToken : second.refreshToken),
    );
    expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { code: 'SESSION_REUSED' } });
    expect((await sessionOf(first)).revokedReason).toBe('REFRESH_TOKEN_REUSED');
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') continue;
      await expect(office.accounts.refresh(outcome.value.refreshToken)).rejects.toMatchObject({
        code: 'SESSION_REUSED',
      });
    }
  });
});

/** Every rival on connections of its own, all past their first look and queued for the session before one may go on. */
async function race(
  { accessToken }: SignedIn,
  refresh: (rival: Office, index: number) => Promise<SignedIn>,
): Promise<PromiseSettledResult<SignedIn>[]> {
  const { sessionId } = await office.tokens.verifyAccess(accessToken);
  let outcomes: Promise<PromiseSettledResult<SignedIn>[]> | undefined;
  await releaseTogether(database.url, ['SELECT 1 FROM session WHERE id = $1 FOR UPDATE', sessionId], racers, () => {
    outcomes = Promise.allSettled(rivals.map(refresh));
  });
  return outcomes!;
}
