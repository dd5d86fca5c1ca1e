import type { Clock } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';

export interface SweepDeps {
  readonly db: Pick<Db, 'write'>;
  readonly clock: Clock;
  /** Age at which what is over is deleted. */
  readonly retentionMs: number;
}

const batchMax = 1_000;

/**
 * Deletes news that everybody has had, deliveries that ended and notifications that were read, when they are old; and gives up
 * deliveries to endpoints that stayed paused for longer than attempts are made. @returns how many rows went
 */
export async function sweepNews({ db, clock, retentionMs }: SweepDeps, goesOn = () => true): Promise<number> {
  const now = clock.now();
  const before = new Date(now.getTime() - retentionMs);
  await db.write(
    (tx) =>
      tx.$executeRaw`
      UPDATE webhook_delivery d SET state = 'DEAD', next_at = NULL, last_error = coalesce(last_error, 'the endpoint stayed paused')
      FROM webhook_endpoint e WHERE e.id = d.endpoint_id AND e.state = 'PAUSED' AND d.state = 'PENDING' AND d.give_up_at < ${now}`,
  );
  let deleted = 0;
  for (const deleteBatch of [
    (): Promise<number> =>
      db.write(
        (tx) => tx.$executeRaw`DELETE FROM outbox WHERE seq IN (
      SELECT seq FROM outbox WHERE published_at < ${before} LIMIT ${batchMax} FOR UPDATE SKIP LOCKED)`,
      ),
    (): Promise<number> =>
      db.write(
        (tx) => tx.$executeRaw`DELETE FROM webhook_delivery WHERE id IN (
      SELECT id FROM webhook_delivery WHERE state <> 'PENDING' AND created_at < ${before}
      LIMIT ${batchMax} FOR UPDATE SKIP LOCKED)`,
      ),
    (): Promise<number> =>
      db.write(
        (tx) => tx.$executeRaw`DELETE FROM notification WHERE id IN (
      SELECT id FROM notification WHERE read_at < ${before} LIMIT ${batchMax} FOR UPDATE SKIP LOCKED)`,
      ),
  ]) {
    for (let count = batchMax; count === batchMax && goesOn();) {
      count = await deleteBatch();
      deleted += count;
    }
  }
  return deleted;
}
