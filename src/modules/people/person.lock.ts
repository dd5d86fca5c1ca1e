import type { Tx, UserStatus } from '../../db/index.js';
import { isUuid, notFound } from '../../kernel/index.js';

export interface HeldPerson {
  readonly id: string;
  readonly status: UserStatus;
  readonly kycTier: number;
  readonly version: number;
}

/** Holds an account until the transaction ends; rows that refer to it may be written meanwhile. @throws AppError NOT_FOUND */
export async function lockPerson(tx: Tx, tenantId: string, id: string): Promise<HeldPerson> {
  const [person] = isUuid(id)
    ? await tx.$queryRaw<HeldPerson[]>`
        SELECT id, status::text AS status, kyc_tier AS "kycTier", version FROM app_user
        WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`
    : [];
  if (!person) throw notFound('user', id);
  return person;
}

/** As `lockPerson`, and nothing that refers to the account is written meanwhile. */
export async function lockPersonWhole(tx: Tx, tenantId: string, id: string): Promise<HeldPerson> {
  await tx.$queryRaw`SELECT 1 FROM app_user WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`;
  return lockPerson(tx, tenantId, id);
}
