import type { Clock, Logger } from '../../kernel/index.js';
import type { Db, Tx } from '../../db/index.js';

export interface SessionForgettingDeps {
  readonly db: Pick<Db, 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a session is kept after it has expired. */
  readonly keptDays: number;
}

const dayMs = 24 * 60 * 60 * 1000;
const batchMax = 1000;

/** A round that deletes the sessions that expired long ago, with their refresh tokens: nobody can use them any more. */
export function createSessionForgetting(deps: SessionForgettingDeps): (goesOn: () => boolean) => Promise<void> {
  const { db, clock, logger, keptDays } = deps;
  return async (goesOn) => {
    const before = new Date(clock.now().getTime() - keptDays * dayMs);
    let forgotten = 0;
    for (;;) {
      const count = await db.write((tx) => deleteExpired(tx, before));
      forgotten += count;
      if (count < batchMax || !goesOn()) break;
    }
    if (forgotten > 0) logger.info({ sessions: forgotten }, 'forgot sessions that expired long ago');
  };
}

async function deleteExpired(tx: Tx, before: Date): Promise<number> {
  const expired = { expiresAt: { lt: before } };
  const sessions = await tx.session.findMany({ where: expired, select: { id: true }, take: batchMax });
  // Looked at again as it is deleted: a session that was used meanwhile lives on.
  const where = { id: { in: sessions.map(({ id }) => id) }, ...expired };
  const { count } = await tx.session.deleteMany({ where });
  return count;
}
