import { randomUUID } from 'node:crypto';
import { invariant } from '../kernel/index.js';
import { Prisma } from './generated/client.js';
import { watchedColumns, type WatchedModel, type WatchedRow } from './watched.js';

/**
 * One row that a transaction changed: created has no `before`, deleted has no `after`. With neither, any row of the model
 * may have changed: its table was truncated, or `noteModelChange` said so.
 */
export type ModelChange = {
  [M in WatchedModel]: {
    readonly id: bigint;
    readonly model: M;
    readonly before: WatchedRow<M> | undefined;
    readonly after: WatchedRow<M> | undefined;
  };
}[WatchedModel];

/** What one transaction changed, in order; never nothing. */
export interface TransactionChanges {
  /**
   * The transaction's id (xid8), by which the database can be asked how it ended, and a word that makes it one of its kind:
   * a database that crashed gives ids that never reached its disk a second time.
   */
  readonly token: string;
  readonly changes: readonly ModelChange[];
}

interface RawChange {
  readonly id: bigint;
  readonly xid: bigint;
  readonly model: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Everything the open transaction changed so far, whichever way it was written: nested, cascaded, many, raw. */
export async function changesOf(tx: Prisma.TransactionClient): Promise<TransactionChanges | undefined> {
  const rows = await tx.$queryRaw<RawChange[]>`
    SELECT id, xid, model, before, after FROM row_change
    WHERE xid = pg_current_xact_id_if_assigned()::text::bigint ORDER BY id`;
  const [first] = rows;
  return first && { token: `${first.xid}:${randomUUID().slice(0, 8)}`, changes: rows.map(parseChange) };
}

/**
 * Takes up to `limit` changes whose cache was not told within `olderThanMs`: left by a crash, a lost Redis, or another
 * program. Waits for another process that is taking the same ones, so when it answers nothing older is left untold. A change
 * from later than now is one from before the clock was set back, and as old as need be.
 */
export async function takeUntold(
  tx: Prisma.TransactionClient,
  olderThanMs: number,
  limit: number,
): Promise<readonly ModelChange[]> {
  const rows = await tx.$queryRaw<RawChange[]>`
    DELETE FROM row_change WHERE id IN (
      SELECT id FROM row_change
      WHERE at <= clock_timestamp() - make_interval(secs => ${olderThanMs / 1000}::float8) OR at > clock_timestamp()
      ORDER BY id LIMIT ${limit}::int FOR UPDATE)
    RETURNING id, xid, model, before, after`;
  return rows.map(parseChange);
}

/**
 * Changes that nobody was told of, younger ones than `afterId`, left as they are. Waits for another process that is taking the
 * same ones, and leaves out what that one told.
 */
export async function readUntold(
  tx: Prisma.TransactionClient,
  afterId: bigint,
  limit: number,
): Promise<readonly ModelChange[]> {
  const rows = await tx.$queryRaw<RawChange[]>`
    SELECT id, xid, model, before, after FROM row_change
    WHERE id > ${afterId}::bigint ORDER BY id LIMIT ${limit}::int FOR UPDATE`;
  return rows.map(parseChange);
}

/** Whether any of these changes still waits to be told. */
export async function areUntold(client: Prisma.TransactionClient, ids: readonly bigint[]): Promise<boolean> {
  const [row] = await client.$queryRaw<{ waiting: boolean }[]>`
    SELECT EXISTS (SELECT 1 FROM row_change WHERE id = ANY(${ids}::bigint[])) AS waiting`;
  return row?.waiting ?? false;
}

/** Forgets changes the cache was told of. Nobody waits for the disk: what a crash brings back is told once more. */
export async function forget(client: Prisma.TransactionClient, ids: readonly bigint[]): Promise<void> {
  await client.$executeRaw`
    WITH unhurried AS (SELECT set_config('synchronous_commit', 'off', true))
    DELETE FROM row_change USING unhurried WHERE id = ANY(${ids}::bigint[])`;
}

/**
 * Declares that any row of the model may have changed, for writes that no trigger sees. Belongs into their transaction; the
 * SQL function of the same name does it for migrations and for operators.
 */
export async function noteModelChange(
  tx: Pick<Prisma.TransactionClient, '$executeRaw'>,
  model: WatchedModel,
): Promise<void> {
  await tx.$executeRaw`SELECT note_model_change(${model})`;
}

/** A query of what the open transaction changed so far, for `noteAgain`: one row, one JSON text. */
export const changesSoFarQuery: Prisma.Sql = Prisma.sql`
  SELECT coalesce(json_agg(json_build_object('model', model, 'before', before, 'after', after) ORDER BY id), '[]')::text
    AS changes
  FROM row_change WHERE xid = pg_current_xact_id_if_assigned()::text::bigint`;

/** The answer to that query. */
export async function changesSoFar(tx: Pick<Prisma.TransactionClient, '$queryRaw'>): Promise<string> {
  const [row] = await tx.$queryRaw<{ changes: string }[]>(changesSoFarQuery);
  invariant(row, 'an aggregate answered no row');
  return row.changes;
}

/**
 * Notes changes of an earlier transaction as if this one had made them, so that it tells whoever showed what they spoil
 * before its own answer leaves, whether the earlier one came to tell of them or not.
 */
export async function noteAgain(tx: Pick<Prisma.TransactionClient, '$executeRaw'>, changes: string): Promise<void> {
  if (changes === '[]') return;
  await tx.$executeRaw`
    INSERT INTO row_change (xid, model, before, after)
    SELECT pg_current_xact_id()::text::bigint, c.model, c.before, c.after
    FROM jsonb_to_recordset(${changes}::jsonb) AS c (model text, before jsonb, after jsonb)`;
}

function parseChange({ id, model, before, after }: RawChange): ModelChange {
  invariant(model in watchedColumns, `row_change names a model this version does not know: ${model}`);
  return { id, model, before: before ?? undefined, after: after ?? undefined } as ModelChange;
}
