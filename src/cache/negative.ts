import type { Entry } from './entry.js';
import type { FencedFlight } from './flights.js';
import type { ReadRequest } from './types.js';
import type { Visit } from './visit.js';

/**
 * The entry that says that there was nothing; undefined when `error` says something else. It is judged like any other: what
 * comes into being bumps one of the tags the request asked for, and the absence is over at once.
 * @param beganAt before the load began, wall-clock milliseconds
 */
export function absenceOf(visit: Visit, flight: FencedFlight, error: unknown, beganAt: number): Entry | undefined {
  const { negative, ttlMs } = visit.request;
  const note = negative && negative.ttlMs > 0 ? negative.capture(error) : undefined;
  if (!negative || note === undefined) return undefined;
  const lifeMs = Math.min(negative.ttlMs, ttlMs);
  const name = nameOf(visit, flight);
  return { ...name, tags: visit.tags, loadedAt: beganAt, ttlMs: lifeMs, costMs: 0, isAbsent: true, value: note };
}

/** What stands in an entry whatever it holds. */
export function nameOf(
  { request }: Visit,
  { generation, s0 }: FencedFlight,
): Pick<Entry, 'generation' | 's0' | 'type' | 'tenant' | 'identity'> {
  const { type, tenant, identity }: ReadRequest<unknown> = request;
  return { generation, s0, type, tenant, identity };
}
