import { Prisma, type Reader, type User, type UserProfile } from '../../db/index.js';
import { isUuid, type Role } from '../../kernel/index.js';
import type { Permissions, UserRecord } from './user.js';

type SqlReader = Pick<Reader, '$queryRaw'>;

/** The columns of both tables in one row; the password hash is not among them, so it cannot be handed on. */
type UserRow = Omit<User, 'passwordHash'> & {
  readonly displayName: string;
  readonly bio: string | null;
  readonly avatarUrl: string | null;
  readonly homeArea: string | null;
  readonly homeLat: number | null;
  readonly homeLng: number | null;
  readonly ratingSum: number;
  readonly ratingCount: number;
  readonly profileVersion: number;
  readonly profileCreatedAt: Date;
  readonly profileUpdatedAt: Date;
  readonly roles: readonly Role[];
};

/** Grants of a narrower scope than the tenant do not make anyone a member of staff. */
const tenantWideRoles = Prisma.sql`
  ARRAY(SELECT g.role::text FROM role_grant g WHERE g.user_id = u.id AND g.scope = '*' ORDER BY g.role)`;

/** Users of one tenant with profile and roles, in one statement. Ids that are of no user there are left out. */
export async function findUsers(
  reader: SqlReader,
  tenantId: string,
  ids: readonly string[],
): Promise<readonly UserRecord[]> {
  const wanted = ids.filter(isUuid);
  if (wanted.length === 0) return [];
  const rows = await reader.$queryRaw<UserRow[]>`
    SELECT u.id, u.tenant_id AS "tenantId", u.email, u.phone, u.status::text AS status, u.kyc_tier AS "kycTier", u.version,
      u.created_at AS "createdAt", u.updated_at AS "updatedAt",
      p.display_name AS "displayName", p.bio, p.avatar_url AS "avatarUrl", p.home_area AS "homeArea",
      p.home_lat AS "homeLat", p.home_lng AS "homeLng",
      p.rating_sum AS "ratingSum", p.rating_count AS "ratingCount", p.version AS "profileVersion",
      p.created_at AS "profileCreatedAt", p.updated_at AS "profileUpdatedAt", ${tenantWideRoles} AS roles
    FROM app_user u JOIN user_profile p ON p.user_id = u.id
    WHERE u.tenant_id = ${tenantId}::uuid AND u.id = ANY(${wanted}::uuid[])`;
  return rows.map(toRecord);
}

/** What the user may do, in one statement. */
export async function findPermissions(reader: SqlReader, userId: string): Promise<Permissions | undefined> {
  if (!isUuid(userId)) return undefined;
  const [row] = await reader.$queryRaw<Permissions[]>`
    SELECT u.id AS "userId", u.tenant_id AS "tenantId", u.status::text AS status, ${tenantWideRoles} AS roles
    FROM app_user u WHERE u.id = ${userId}::uuid`;
  return row;
}

/**
 * Locks every admin grant of the tenant, so that changes of roles and standing there follow one another.
 * @returns the active admins' ids, as they are once the lock is held
 */
export async function lockAdmins(reader: SqlReader, tenantId: string): Promise<ReadonlySet<string>> {
  const admins = Prisma.sql`g.tenant_id = ${tenantId}::uuid AND g.role = 'ADMIN' AND g.scope = '*'`;
  await reader.$queryRaw`SELECT g.id FROM role_grant g WHERE ${admins} ORDER BY g.id FOR UPDATE`;
  // Who waited for the lock sees in the same statement who was active before.
  const rows = await reader.$queryRaw<{ userId: string }[]>`
    SELECT g.user_id AS "userId" FROM role_grant g JOIN app_user u ON u.id = g.user_id
    WHERE ${admins} AND u.status = 'ACTIVE'`;
  return new Set(rows.map(({ userId }) => userId));
}

function toRecord(row: UserRow): UserRecord {
  const { id, tenantId, email, phone, status, kycTier, version, createdAt, updatedAt, roles } = row;
  return { id, tenantId, email, phone, status, kycTier, version, createdAt, updatedAt, roles, profile: profileOf(row) };
}

function profileOf(row: UserRow): UserProfile {
  const { displayName, bio, avatarUrl, homeArea, homeLat, homeLng, ratingSum, ratingCount } = row;
  return {
    userId: row.id,
    tenantId: row.tenantId,
    displayName,
    bio,
    avatarUrl,
    homeArea,
    homeLat,
    homeLng,
    ratingSum,
    ratingCount,
    version: row.profileVersion,
    createdAt: row.profileCreatedAt,
    updatedAt: row.profileUpdatedAt,
  };
}
