import { invariant } from '../../kernel/index.js';
import { changesSoFarQuery, type Reader, type Tx } from '../../db/index.js';
import type { Json } from './answer.codec.js';
import type { Scope } from './keyed-call.js';

/** What a call was answered, and what it changed that caches show. */
export interface KeptAnswer {
  readonly requestHash: Uint8Array;
  readonly answer: Json;
  readonly changes: string;
}

/**
 * Takes a key for the open transaction: who asks for it meanwhile waits here until that has ended, and finds the record when
 * it was committed. A record past its time is taken over as if it were gone. @returns false when the key was used before
 */
export async function takeKey(
  tx: Tx,
  { tenantId, actorId, operation, key }: Scope,
  requestHash: Uint8Array,
  { now, expiresAt }: { readonly now: Date; readonly expiresAt: Date },
): Promise<boolean> {
  const taken = await tx.$queryRaw<unknown[]>`
    INSERT INTO idempotency_record AS r (tenant_id, actor_id, operation, key, request_hash, created_at, expires_at)
    VALUES (${tenantId}::uuid, ${actorId}::uuid, ${operation}, ${key}, ${requestHash}, ${now}, ${expiresAt})
    ON CONFLICT (actor_id, operation, key) DO UPDATE
      SET request_hash = excluded.request_hash, answer = NULL, changes = '[]',
          created_at = excluded.created_at, expires_at = excluded.expires_at
      WHERE r.expires_at <= excluded.created_at
    RETURNING r.key`;
  return taken.length === 1;
}

/** Completes the record of a key that the transaction has taken. */
export async function keepAnswer(tx: Tx, { actorId, operation, key }: Scope, answer: Json): Promise<void> {
  const kept = await tx.$executeRaw`
    UPDATE idempotency_record SET answer = ${JSON.stringify(answer)}::jsonb, changes = (${changesSoFarQuery})::jsonb
    WHERE actor_id = ${actorId}::uuid AND operation = ${operation} AND key = ${key}`;
  invariant(kept === 1, `the record of the ${operation} with key ${key} is gone`);
}

/** What the call with this key was answered, unless that has expired. */
export async function findAnswer(
  reader: Pick<Reader, '$queryRaw'>,
  { tenantId, actorId, operation, key }: Scope,
  now: Date,
): Promise<KeptAnswer | undefined> {
  const [kept] = await reader.$queryRaw<{ requestHash: Uint8Array; answer: Json | null; changes: string }[]>`
    SELECT request_hash AS "requestHash", answer, changes::text AS "changes" FROM idempotency_record
    WHERE tenant_id = ${tenantId}::uuid AND actor_id = ${actorId}::uuid AND operation = ${operation} AND key = ${key}
      AND expires_at > ${now}`;
  if (!kept) return undefined;
  const { requestHash, answer, changes } = kept;
  invariant(answer !== null, `the ${operation} with key ${key} was committed without its answer`);
  return { requestHash, answer, changes };
}

/** Deletes records past their time, oldest first; those that a call is using now are left. @returns how many */
export async function deleteExpired(tx: Tx, now: Date, limit: number): Promise<number> {
  return tx.$executeRaw`
    DELETE FROM idempotency_record WHERE (actor_id, operation, key) IN (
      SELECT actor_id, operation, key FROM idempotency_record WHERE expires_at <= ${now}
      ORDER BY expires_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)`;
}
