import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7, type AnonymousViewer, type AppError, type UserViewer } from '../../src/kernel/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import {
  addRole,
  addTenant,
  openOffice,
  releaseTogether,
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
let ada: UserViewer;
let wanjiku: UserViewer;
const clock = stillClock();

beforeAll(async () => {
  database = await createTestDatabase();
  office = openOffice({ url: database.url, clock });
  lagos = await addTenant(office.db, 'lagos');
  nairobi = await addTenant(office.db, 'nairobi');
  ada = await join(lagos, 'ada');
  wanjiku = await join(nairobi, 'wanjiku');
});

afterAll(async () => {
  await office?.db.close();
  await database?.drop();
});

async function join(tenantId: string, name: string): Promise<UserViewer> {
  return viewerOfSignIn(office, await office.accounts.signUp(tenantId, person(name)));
}

async function joinAsAdmin(tenantId: string, name: string): Promise<UserViewer> {
  const viewer = await join(tenantId, name);
  await addRole(office.db, { id: viewer.userId, tenantId }, 'ADMIN');
  return { ...viewer, roles: new Set([...viewer.roles, 'ADMIN']) };
}

describe('looking someone up', () => {
  it('finds people of the own market in one statement, and nobody of another', async () => {
    office.statements.length = 0;
    expect(await office.users.get(ada, ada.userId)).toMatchObject({ id: ada.userId, profile: { displayName: 'ada' } });
    expect(office.statements).toHaveLength(1);
    await expect(office.users.get(ada, wanjiku.userId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(office.users.get(wanjiku, ada.userId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(office.users.get(ada, uuidv7())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(office.users.get(ada, 'nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('serves who is not signed in too, inside their market', async () => {
    const passerBy: AnonymousViewer = { kind: 'anonymous', tenantId: lagos, roles: new Set() };
    expect((await office.users.get(passerBy, ada.userId)).profile.displayName).toBe('ada');
    await expect(office.users.get(passerBy, wanjiku.userId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('takes many ids in one statement and leaves out those of other markets and of nobody', async () => {
    const others = [await join(lagos, 'many1'), await join(lagos, 'many2')];
    const ids = [ada.userId, wanjiku.userId, uuidv7(), 'nobody', ...others.map(({ userId }) => userId)];
    office.statements.length = 0;
    const found = await office.users.byIds(lagos, ids);
    expect(office.statements).toHaveLength(1);
    expect(found.map(({ id }) => id).toSorted()).toEqual([ada, ...others].map(({ userId }) => userId).toSorted());
    expect(await office.users.byIds(lagos, [])).toEqual([]);
  });

  it('never carries the password hash', async () => {
    const [user] = await office.users.byIds(lagos, [ada.userId]);
    expect(Object.keys(user ?? {})).toContain('email');
    expect(JSON.stringify(user)).not.toMatch(/argon2|password/i);
  });
});

describe('changing the profile', () => {
  it('changes what the patch names, empties what it sets to null, and counts the version up', async () => {
    const viewer = await join(lagos, 'changer');
    await office.users.updateProfile(viewer, {
      bio: 'I run.',
      homeArea: 'Yaba',
      avatarUrl: 'https://img.example/a.png',
    });
    clock.forwardMs(1000);
    const user = await office.users.updateProfile(viewer, { displayName: ' Chi ', bio: null });
    expect(user.profile).toMatchObject({
      displayName: 'Chi',
      bio: null,
      homeArea: 'Yaba',
      version: 3,
      updatedAt: clock.now(),
    });
    expect(user.profile.avatarUrl).toBe('https://img.example/a.png');
  });

  it('refuses a change meant for another version and leaves the profile as it is', async () => {
    const viewer = await join(lagos, 'careful');
    await office.users.updateProfile(viewer, { bio: 'first' }, 1);
    await expect(office.users.updateProfile(viewer, { bio: 'second' }, 1)).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    });
    const { profile } = await office.users.get(viewer, viewer.userId);
    expect(profile).toMatchObject({ bio: 'first', version: 2 });
  });

  it('lets one of two changes meant for the same version win', async () => {
    const viewer = await join(lagos, 'racer');
    const rival = openOffice({ url: database.url, clock });
    const outcomes = await Promise.allSettled(
      [office, rival].map(({ users }, index) => users.updateProfile(viewer, { bio: `writer ${index}` }, 1)),
    );
    await rival.db.close();
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await office.users.get(viewer, viewer.userId)).profile.version).toBe(2);
  });

  it('is for who is signed in', async () => {
    const passerBy: AnonymousViewer = { kind: 'anonymous', tenantId: lagos, roles: new Set() };
    await expect(office.users.updateProfile(passerBy, { bio: 'x' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('roles', () => {
  it('are granted and taken by an admin of the market; doing it twice changes nothing', async () => {
    const admin = await joinAsAdmin(lagos, 'admin1');
    const runner = await join(lagos, 'runner');
    await office.users.grantRole(admin, runner.userId, 'RUNNER');
    const granted = await office.users.grantRole(admin, runner.userId, 'RUNNER');
    expect(granted.roles).toEqual(['CUSTOMER', 'RUNNER']);
    await office.users.revokeRole(admin, runner.userId, 'RUNNER');
    const revoked = await office.users.revokeRole(admin, runner.userId, 'RUNNER');
    expect(revoked.roles).toEqual(['CUSTOMER']);
    expect((await office.accounts.permissionsOf(runner.userId))?.roles).toEqual(['CUSTOMER']);
  });

  it('cannot be granted by others, nor across markets, nor to oneself by claiming to be an admin', async () => {
    const admin = await joinAsAdmin(nairobi, 'admin2');
    const pretender: UserViewer = { ...ada, roles: new Set(['ADMIN']) };
    await expect(office.users.grantRole(ada, ada.userId, 'RUNNER')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(office.users.grantRole(pretender, ada.userId, 'ADMIN')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(office.users.grantRole(admin, ada.userId, 'RUNNER')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await office.accounts.permissionsOf(ada.userId))?.roles).toEqual(['CUSTOMER']);
  });

  it('are not in the hands of a suspended admin', async () => {
    const admin = await joinAsAdmin(nairobi, 'admin3');
    await setStatus(office.db, admin.userId, 'SUSPENDED');
    await expect(office.users.grantRole(admin, wanjiku.userId, 'RUNNER')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('leave a market its last admin, also when two admins dismiss each other at once', async () => {
    const abuja = await addTenant(office.db, 'abuja');
    const [first, second] = [await joinAsAdmin(abuja, 'first'), await joinAsAdmin(abuja, 'second')];
    const rival = openOffice({ url: database.url, clock });
    let outcomes: Promise<PromiseSettledResult<unknown>[]> | undefined;
    const lock = ['SELECT 1 FROM role_grant WHERE tenant_id = $1 FOR UPDATE', abuja] as const;
    await releaseTogether(database.url, lock, 2, () => {
      outcomes = Promise.allSettled([
        office.users.revokeRole(first, second.userId, 'ADMIN'),
        rival.users.revokeRole(second, first.userId, 'ADMIN'),
      ]);
    });
    const refusals = (await outcomes!).filter((outcome) => outcome.status === 'rejected');
    expect(refusals.map(({ reason }) => (reason as AppError).code)).toEqual(['FORBIDDEN']);
    await rival.db.close();
    const admins = await office.db.read.roleGrant.findMany({ where: { tenantId: abuja, role: 'ADMIN' } });
    expect(admins).toHaveLength(1);
    const last = admins[0]?.userId === first.userId ? first : second;
    await expect(office.users.revokeRole(last, last.userId, 'ADMIN')).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('last admin'),
    });
  });
});
