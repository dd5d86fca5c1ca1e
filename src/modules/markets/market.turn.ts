import type { Tx } from '../../db/index.js';

/** Markets that are still being loaded have another slug, so nobody sees half of one. */
export const loadingSuffix = '-loading';

/**
 * Holds off the other processes that open markets or load the demo, until the transaction ends. Whoever waits here has nothing
 * else to do, so it waits for longer than for other locks.
 */
export async function takeTurn(tx: Tx): Promise<void> {
  await tx.$executeRaw`SET LOCAL lock_timeout = '60s'`;
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('runam:demo-seed', 0))`;
}

/** Whether every market there is waits to be opened. */
export async function isLoading(tx: Tx): Promise<boolean> {
  const open = await tx.tenant.count({ where: { NOT: { slug: { endsWith: loadingSuffix } } } });
  return open === 0;
}
