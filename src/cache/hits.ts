import type { Entry } from './entry.js';
import type { Refresher } from './refresh.js';
import type { Seen } from './store.js';
import type { MissReason, Outcome, ReadResult } from './types.js';
import { graceMsOf, lifeMsOf } from './validity.js';
import { outcomeOf } from './visit.js';
import type { Visit } from './visit.js';

/** What a read found; with `absence` it rejects, because the answer is that there is nothing. */
export type Answer = ReadResult<unknown> & { readonly absence?: { readonly error: unknown } };

export type Found =
  | Hit
  | { readonly kind: 'miss'; readonly reason: MissReason }
  | { readonly kind: 'blocked'; readonly reason: 'open-write' | 'store-unavailable' };

/** An entry that was found valid. `value` of an absent one is the error to reject with. */
export interface Hit {
  readonly kind: 'hit';
  readonly layer: 'near' | 'store';
  readonly entry: Entry;
  readonly value: unknown;
}

export interface HitDeps {
  readonly refresher: Refresher;
  readonly now: () => number;
}

/** @param look the one that found the entry valid; undefined when none was needed */
export function answerOf(deps: HitDeps, visit: Visit, { entry, value, layer }: Hit, look: Seen | undefined): Answer {
  const times = { layer, ...timesOf(deps, visit, entry) };
  if (entry.isAbsent) {
    const outcome = outcomeOf(visit, { kind: 'hit', ...times, isAbsent: true });
    return { value: undefined, outcome, absence: { error: value } };
  }
  const { isPeek } = visit.request;
  const refresh =
    !isPeek && look && deps.refresher.consider(visit, entry, look) ? ({ refresh: 'started' } as const) : {};
  return { value, outcome: outcomeOf(visit, { kind: 'hit', ...times, ...refresh }) };
}

/**
 * The load failed and the source is in trouble: an entry past its time to live stands in, if nothing it was made of has
 * moved. That is asked after the failure, and so after this read began: what is shown is as fresh as any hit, and only
 * older than its time to live.
 * @throws what the load threw, when there is no such entry
 */
export async function standIn(
  deps: HitDeps,
  visit: Visit,
  error: unknown,
  judgeAgain: (graceMs: number) => Promise<Found | undefined>,
): Promise<Answer> {
  const graceMs = graceMsOf(visit.request);
  if (graceMs <= 0 || !visit.request.isTransient?.(error)) throw error;
  const found = await judgeAgain(graceMs);
  if (found?.kind !== 'hit' || found.entry.isAbsent) throw error;
  const times = { layer: found.layer, ...timesOf(deps, visit, found.entry) };
  const reason = times.ttlMs > 0 ? {} : ({ reason: 'stale-if-error' } as const);
  return { value: found.value, outcome: outcomeOf(visit, { kind: 'hit', ...times, ...reason }) };
}

function timesOf(
  { now }: HitDeps,
  { request }: Visit,
  entry: Entry,
): Pick<Outcome, 'ageMs' | 'ttlMs'> & Required<Pick<Outcome, 'asOf'>> {
  const ageMs = Math.max(0, now() - entry.loadedAt);
  const asOf = { generation: entry.generation, seq: entry.s0 };
  return { ageMs, ttlMs: Math.max(0, lifeMsOf(entry, request) - ageMs), asOf };
}
