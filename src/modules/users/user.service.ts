import type { Db, Tx } from '../../db/index.js';
import {
  AppError,
  badInput,
  notFound,
  requireUser,
  roles,
  uuidv7,
  type Clock,
  type Role,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import { recordAct } from '../audit/index.js';
import { parseProfilePatch, type ProfilePatch } from './user.input.js';
import { findUsers, lockAdmins } from './user.repo.js';
import type { UserRecord } from './user.js';

export interface UserService {
  /** Anyone of the viewer's tenant; what of them may be shown is decided by `canSeeContact`. @throws AppError NOT_FOUND */
  get(viewer: Viewer, id: string): Promise<UserRecord>;
  /**
   * Changes the viewer's own profile. With `expectedVersion` only if the profile is still at that version.
   * @throws AppError UNAUTHENTICATED, BAD_INPUT (every fault), VERSION_CONFLICT
   */
  updateProfile(viewer: Viewer, patch: ProfilePatch, expectedVersion?: number | null): Promise<UserRecord>;
  /** One statement whatever the number of ids; order is not kept, ids of nobody in the tenant are left out. */
  byIds(tenantId: string, ids: readonly string[]): Promise<readonly UserRecord[]>;
  /** Granting a role twice changes nothing. @throws AppError UNAUTHENTICATED, FORBIDDEN (not an admin), NOT_FOUND */
  grantRole(viewer: Viewer, userId: string, role: Role): Promise<UserRecord>;
  /**
   * Taking a role that is not there changes nothing.
   * @throws AppError UNAUTHENTICATED, FORBIDDEN (not an admin, or the last admin would go), NOT_FOUND
   */
  revokeRole(viewer: Viewer, userId: string, role: Role): Promise<UserRecord>;
}

export interface UserServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
}

const tenantWide = '*';

export function createUserService({ db, clock }: UserServiceDeps): UserService {
  return {
    get: (viewer, id) => findOne(db.read, viewer.tenantId, id),
    updateProfile: async (viewer, patch, expectedVersion) =>
      updateProfile(db, clock.now(), requireUser(viewer), patch, expectedVersion),
    byIds: (tenantId, ids) => findUsers(db.read, tenantId, ids),
    grantRole: (viewer, userId, role) =>
      changeRole({ db, clock }, 'grantRole', viewer, userId, role, async (tx, tenantId, _admins, now) => {
        const grant = { id: uuidv7(now.getTime()), tenantId, userId, role, scope: tenantWide, createdAt: now };
        await tx.roleGrant.createMany({ data: [grant], skipDuplicates: true });
      }),
    revokeRole: (viewer, userId, role) =>
      changeRole({ db, clock }, 'revokeRole', viewer, userId, role, async (tx, tenantId, admins) => {
        if (role === 'ADMIN' && admins.has(userId) && admins.size === 1) {
          throw new AppError('FORBIDDEN', 'This is the last admin: make someone else an admin first.');
        }
        await tx.roleGrant.deleteMany({ where: { tenantId, userId, role, scope: tenantWide } });
      }),
  };
}

async function findOne(reader: Parameters<typeof findUsers>[0], tenantId: string, id: string): Promise<UserRecord> {
  const [user] = await findUsers(reader, tenantId, [id]);
  if (!user) throw notFound('user', id);
  return user;
}

async function updateProfile(
  db: Pick<Db, 'write'>,
  now: Date,
  { tenantId, userId }: UserViewer,
  patch: ProfilePatch,
  expectedVersion: number | null | undefined,
): Promise<UserRecord> {
  const { homePoint, ...rest } = parseProfilePatch(patch);
  const home = homePoint === undefined ? {} : { homeLat: homePoint?.lat ?? null, homeLng: homePoint?.lng ?? null };
  const changed = { ...definedOf(rest), ...home };
  const version = parseVersion(expectedVersion);
  return db.write(async (tx) => {
    await refuseClosed(tx, userId);
    const { count } = await tx.userProfile.updateMany({
      where: { userId, tenantId, ...(version !== undefined && { version }) },
      data: { ...changed, version: { increment: 1 }, updatedAt: now },
    });
    const user = await findOne(tx, tenantId, userId);
    if (count === 0) {
      const versions = `at version ${user.profile.version}, not ${version}`;
      throw new AppError('VERSION_CONFLICT', `Your profile is ${versions}: read it again and repeat your change.`);
    }
    return user;
  });
}

/**
 * What is erased of somebody stays so: a request that was under way when they closed the account comes second here.
 * @throws AppError UNAUTHENTICATED
 */
async function refuseClosed(tx: Tx, userId: string): Promise<void> {
  const [user] = await tx.$queryRaw<{ isClosed: boolean }[]>`
    SELECT status = 'CLOSED' AS "isClosed" FROM app_user WHERE id = ${userId}::uuid FOR SHARE`;
  if (user?.isClosed) throw new AppError('UNAUTHENTICATED', 'Your account is closed.');
}

/** Versions are counted in 32 bits. */
function parseVersion(version: number | null | undefined): number | undefined {
  if (version == null || (Number.isInteger(version) && version >= 1 && version < 2 ** 31)) return version ?? undefined;
  throw badInput('expectedVersion', `must be a whole number from 1 to 2147483647, got ${version}.`);
}

/** The viewer's own ADMIN role is read under the lock: a role taken a moment ago no longer grants anything. */
async function changeRole(
  { db, clock }: UserServiceDeps,
  action: 'grantRole' | 'revokeRole',
  viewer: Viewer,
  userId: string,
  role: Role,
  change: (tx: Tx, tenantId: string, admins: ReadonlySet<string>, now: Date) => Promise<void>,
): Promise<UserRecord> {
  const admin = requireUser(viewer);
  if (!roles.includes(role)) throw badInput('role', `"${role}" is not one of ${roles.join(', ')}.`);
  return db.write(async (tx) => {
    const admins = await lockAdmins(tx, admin.tenantId);
    if (!admins.has(admin.userId)) throw new AppError('FORBIDDEN', 'Only an admin of this market changes roles.');
    const before = await findOne(tx, admin.tenantId, userId);
    const now = clock.now();
    await change(tx, admin.tenantId, admins, now);
    const after = await findOne(tx, admin.tenantId, userId);
    const act = { action, targetId: userId, before: { roles: before.roles }, after: { roles: after.roles, role } };
    if (before.roles.length !== after.roles.length) await recordAct(tx, admin, act, now);
    return after;
  });
}

/** Leaves out what the patch does not name, so that it is not written. */
function definedOf<Patch extends object>(patch: Patch): { [Key in keyof Patch]: Exclude<Patch[Key], undefined> } {
  const entries = Object.entries(patch).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Patch]: Exclude<Patch[Key], undefined> };
}
