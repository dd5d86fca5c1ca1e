import type { ExplainedTag, Outcome, Tier } from './types.js';

/** What a read of this tier is never older than. */
export function guaranteeInWords(tier: Tier, ttlMs: number, boundMs: number): string {
  const upTo = `and never older than its time to live of ${ttlMs / 1000} s`;
  switch (tier) {
    case 'strict':
      return `strict: never older than any write committed before the read began, ${upTo}`;
    case 'acked':
      return `acked: never older than any write answered before the read began, ${upTo}`;
    case 'bounded':
      return `bounded: never older than any write answered ${boundMs} ms before the read began, ${upTo}`;
    case 'ttl':
      return `ttl: never older than its time to live of ${ttlMs / 1000} s, whatever was written`;
  }
}

type Reason = NonNullable<Outcome['reason']>;

/** Total: a reason without words does not compile. */
const words: Readonly<Record<Reason, string>> = {
  disabled: 'the cache is switched off',
  'ttl-zero': 'this type is not cached: its time to live is 0',
  'store-unavailable': 'the store cannot be reached: reads go to their loads until it is back',
  quarantine: 'the store lost its state a moment ago: hits are held back until every process and write has caught up',
  'unsafe-eviction': 'the store may drop invalidation records under memory pressure, so strict types are not cached',
  floor: 'the store has not reached the position this read asks for',
  demoted: 'this type was found older than its guarantee, so this process reads it past the cache for a while',
  unserializable: 'the value cannot be stored',
  cold: 'nothing is stored under this key: it was never read, has expired, or was dropped',
  expired: 'the entry is older than the time to live that holds now',
  'stale-tag': 'the entry is older than a write of something it is made of',
  generation: 'the entry is from before the cache was cleared or lost its state',
  identity: 'another question stands under this key',
  corrupt: 'what is stored under this key is damaged or not an entry',
  'stale-if-error': 'the load failed and nothing the entry is made of has changed',
  contended: 'writes keep landing while reads wait for one load',
  'open-write': 'a write of something it is made of is announced and has not ended',
};

export function whyInWords(reason: Outcome['reason'], tags: readonly ExplainedTag[]): string {
  if (reason === undefined) return 'a read now is a hit';
  if (reason === 'open-write') return `${words[reason]}: ${namesOf(tags.filter(({ open }) => open > 0))}`;
  if (reason !== 'stale-tag') return words[reason];
  const moved = tags.filter(({ hasMoved }) => hasMoved);
  return `${words[reason]}: ${moved.map(moveInWords).join('; ')}`;
}

function moveInWords({ tag, seq, movedAtMs, movedBy }: ExplainedTag): string {
  const when = movedAtMs === undefined ? '' : ` at ${new Date(movedAtMs).toISOString()}`;
  const who = movedBy === undefined ? '' : ` by write ${movedBy}`;
  return `${tag} moved${when}${who} (bump ${seq})`;
}

function namesOf(tags: readonly ExplainedTag[]): string {
  return tags.map(({ tag, open }) => `${tag} (${open})`).join(', ');
}
