import type { Aging } from './aging.js';
import type { Breaker } from './breaker.js';
import type { FencedFlight, FencedFlights, Loaded } from './flights.js';
import type { Leasing } from './lease.js';
import type { Loader } from './loader.js';
import type { NearRead } from './near-read.js';
import type { Stamp } from './near.js';
import type { Refresher } from './refresh.js';
import { stampOf } from './store.js';
import type { Control, Seen } from './store.js';
import type { BypassReason, MissReason, Outcome, ReadRequest, ReadResult } from './types.js';
import { answerOf, standIn } from './hits.js';
import type { Answer } from './hits.js';
import { judge, judgeAgain, lookFor, open } from './judging.js';
import type { JudgingDeps, LookedFor } from './judging.js';
import { heedsTags, missingFrom, unmovedSince, whyBlocked } from './validity.js';
import type { Blocked } from './validity.js';
import { beginVisit, outcomeOf } from './visit.js';
import type { Visit } from './visit.js';

export interface ReadThroughDeps extends JudgingDeps {
  readonly breaker: Breaker;
  readonly nearRead: NearRead;
  readonly flights: FencedFlights;
  readonly loader: Loader;
  readonly leasing: Leasing;
  readonly aging: Aging;
  readonly refresher: Refresher;
  readonly prefix: string;
}

/** How often a reader looks again after the load it joined turned out older than a bump it must see. */
const looksMax = 3;

/**
 * The read path. Guarantee: a read that begins after a bump of a tag has resolved, in whatever process, returns no value
 * whose load began before that bump, for every tag asked for or found in the value; and between an announced write and its
 * end, no value whose load began before this read did.
 */
export function createReadThrough(deps: ReadThroughDeps): <V>(request: ReadRequest<V>) => Promise<ReadResult<V>> {
  const { store, breaker, loader, nearRead, aging, emit, prefix } = deps;
  return async <V>(request: ReadRequest<V>) => {
    // The store and those who share a load know values only as unknown; `V` is what this request's `load` promises.
    const visit = beginVisit(request as ReadRequest<unknown>, prefix, loader.tick(), aging.roll());
    const { value, outcome, absence } = await read(visit);
    const tagsOf = (): readonly string[] => [...visit.tags, ...(deps.hints.get(visit.entryKey) ?? [])];
    emit({ kind: 'read', outcome, tagsOf });
    request.onOutcome?.(outcome);
    if (absence) throw absence.error;
    return { value, outcome } as ReadResult<V>;
  };

  async function read(visit: Visit): Promise<Answer> {
    if (store.kind === 'null') return loadAlone(deps, visit, { kind: 'bypass', reason: 'disabled' });
    if (!(visit.request.ttlMs > 0)) return loadAlone(deps, visit, { kind: 'bypass', reason: 'ttl-zero' });
    if (visit.request.bypass) return loadShared(deps, visit, visit.request.bypass);
    const within = nearRead.withinBound(visit);
    const found = within && open(deps, visit, within, 'near');
    if (found) return answerOf(deps, visit, found, undefined);
    if (!breaker.isReady()) await breaker.opened;
    if (visit.request.tier === 'strict' && breaker.mayForget()) return loadShared(deps, visit, 'unsafe-eviction');
    return lookAndLoad(deps, visit).catch((error: unknown) =>
      standIn(deps, visit, error, (graceMs) => judgeAgain(deps, visit, graceMs)),
    );
  }
}

async function lookAndLoad(deps: ReadThroughDeps, visit: Visit): Promise<Answer> {
  for (let looks = 0; looks < looksMax;) {
    const answer = await lookOnce(deps, visit);
    if (typeof answer === 'object') return answer;
    // Waiting for another process has a bound of its own.
    if (answer === 'moved') looks += 1;
  }
  return loadAlone(deps, visit, { kind: 'miss', reason: 'contended' });
}

/**
 * `moved`: what was joined is older than a bump this reader must see. `filled`: another process has loaded, or does. Both
 * are to look again, and nothing but that next look decides what is shown.
 */
type Again = 'moved' | 'filled';

async function lookOnce(deps: ReadThroughDeps, visit: Visit): Promise<Answer | Again> {
  const nearFound = await deps.nearRead.look(visit);
  if (nearFound?.kind === 'blocked') return loadShared(deps, visit, nearFound.reason);
  const nearHit = nearFound && open(deps, visit, nearFound.kept, 'near');
  if (nearHit) return answerOf(deps, visit, nearHit, seenIn(nearFound.control, nearFound.lookedAt));

  const seen = await lookFor(deps, visit);
  if (!seen) return loadShared(deps, visit, 'store-unavailable');
  const { look, asked, lookedAt } = seen;
  const blocked = whyBlocked(visit, look);
  if (blocked) return loadShared(deps, visit, blocked);

  const found = await judge(deps, visit, seen, 0);
  if (found.kind === 'hit') return answerOf(deps, visit, found, seenIn(look, lookedAt, stampOf(look.entry)));
  if (found.kind === 'blocked') return loadShared(deps, visit, found.reason);
  if (visit.request.isPeek) return absent(visit, { kind: 'miss', reason: found.reason });
  const flight = deps.flights.joinable(visit, look);
  if (!flight) return fill(deps, visit, seen, found.reason);
  if (!deps.loader.mayWaitFor(flight)) return loadShared(deps, visit, found.reason, 'miss');
  return join(deps, visit, asked, flight);
}

async function join(
  deps: ReadThroughDeps,
  visit: Visit,
  asked: readonly string[],
  flight: FencedFlight,
): Promise<Answer | Again> {
  deps.loader.refuseOwnLoad(visit);
  flight.patience.endsAtMs = Math.min(flight.patience.endsAtMs, deps.leasing.patienceOf(visit).endsAtMs);
  const loaded = await flight.done;
  if (!loaded) return 'filled';
  if (heedsTags(visit, flight.s0)) {
    // A tag that only the value could name may have been bumped, or announced, between the flight's beginning and this read.
    const unknown = missingFrom(asked, loaded.tags);
    const more = unknown.length > 0 ? await deps.looker.lookTags(unknown) : undefined;
    const isFresh = more?.generation === flight.generation && unmovedSince(flight.s0, more.tags);
    if (unknown.length > 0 && !isFresh) return 'moved';
  }
  const ageMs = Math.max(0, deps.now() - loaded.loadedAt);
  const ttlMs = Math.min(loaded.ttlMs, visit.request.ttlMs);
  const outcome = outcomeOf(visit, { kind: 'join', ageMs, ttlMs: Math.max(0, ttlMs - ageMs) });
  return { value: copyOf(deps, loaded), outcome };
}

async function fill(
  deps: ReadThroughDeps,
  visit: Visit,
  { look, lookedAt }: LookedFor,
  reason: MissReason,
): Promise<Answer | Again> {
  const filled = await deps.loader.fill(visit, seenIn(look, lookedAt, stampOf(look.entry)), true);
  if (!filled) return 'filled';
  const { loaded, unserializable } = filled;
  const facts: Pick<Outcome, 'kind' | 'reason' | 'ttlMs'> = unserializable
    ? { kind: 'bypass', reason: 'unserializable', ttlMs: 0 }
    : { kind: 'miss', reason, ttlMs: loaded.ttlMs };
  return { value: loaded.value, outcome: outcomeOf(visit, facts) };
}

function seenIn({ generation, seq, tags }: Control, lookedAt: Stamp, stamp?: string): Seen {
  return { generation, seq, tags, lookedAt, stamp };
}

async function loadShared(
  deps: ReadThroughDeps,
  visit: Visit,
  reason: BypassReason | Blocked | MissReason,
  kind: 'bypass' | 'miss' = 'bypass',
): Promise<Answer> {
  if (visit.request.isPeek) return absent(visit, { kind, reason });
  const { loaded, joined } = await deps.loader.share(visit);
  const value = joined ? copyOf(deps, loaded) : loaded.value;
  return { value, outcome: outcomeOf(visit, { kind, reason }) };
}

async function loadAlone(
  deps: ReadThroughDeps,
  visit: Visit,
  facts: Pick<Outcome, 'kind' | 'reason'>,
): Promise<Answer> {
  if (visit.request.isPeek) return absent(visit, facts);
  return { value: await deps.loader.alone(visit), outcome: outcomeOf(visit, facts) };
}

/** What a read that only looks answers when there is nothing it may show. */
function absent(visit: Visit, facts: Pick<Outcome, 'kind' | 'reason'>): Answer {
  return { value: undefined, outcome: outcomeOf(visit, facts) };
}

function copyOf({ codec }: ReadThroughDeps, loaded: Loaded): unknown {
  return loaded.text === undefined ? loaded.value : codec.decode(loaded.text);
}
