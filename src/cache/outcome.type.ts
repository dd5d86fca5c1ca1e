/**
 * How fresh a read is: see the table in `docs/cache`. `strict` and `acked` obey tags, and differ in what their writers do:
 * those of strict values announce the write before it can be seen. `bounded` is `acked` as of at most `boundMs` ago.
 * `ttl` obeys only its time to live, and being cleared.
 */
export type Tier = 'strict' | 'acked' | 'bounded' | 'ttl';

/** A moment in the logical time of a store. Moments of two generations cannot be compared. */
export interface Position {
  readonly generation: string;
  readonly seq: number;
}

/**
 * Why a read went past the cache. `quarantine`: the store lost its state a moment ago and hits are held back.
 * `unsafe-eviction`: a strict read of a store that may drop tags. `floor`: the store has not reached the floor of this read.
 * `demoted`: the shadow verifier of this process found an entry of this type that was older than its guarantee.
 */
export type BypassReason =
  | 'disabled'
  | 'ttl-zero'
  | 'store-unavailable'
  | 'quarantine'
  | 'unsafe-eviction'
  | 'unserializable'
  | 'floor'
  | 'demoted';

/**
 * Why a read found nothing it could use. `cold`: no entry. `expired`: an entry older than the ttl of this request.
 * `generation`: written before the cache was cleared. `identity`: another question under the same key.
 * `contended`: bumps kept landing while this read waited for the load of another.
 */
export type MissReason = 'cold' | 'expired' | 'stale-tag' | 'generation' | 'identity' | 'corrupt' | 'contended';

/** What one read did. Log, metrics, headers and tests all read this one object. */
export interface Outcome {
  readonly kind: 'hit' | 'miss' | 'join' | 'bypass';
  /**
   * Absent on a join, and on a hit unless the load failed and an entry past its time to live was shown (`stale-if-error`).
   * `open-write`: a writer has announced a change of one of the tags.
   */
  readonly reason?: BypassReason | MissReason | 'open-write' | 'stale-if-error';
  readonly type: string;
  readonly key: string;
  /** As the request said; absent when it said none. */
  readonly alias?: string;
  readonly tier: Tier;
  /** On a hit: `near` when this process had the value and asked the store at most for its tags, otherwise `store`. */
  readonly layer?: 'near' | 'store';
  /** Milliseconds since the load that made the value began; 0 on a miss and on a bypass. */
  readonly ageMs: number;
  /** Milliseconds left to live; 0 on a bypass. */
  readonly ttlMs: number;
  /** Milliseconds this read took, load included. */
  readonly tookMs: number;
  /** This hit started a load in the background. */
  readonly refresh?: 'started';
  /** The answer was that there is nothing: the read rejected with what `negative` made of it. */
  readonly isAbsent?: true;
  /** On a hit: the store's logical time, read before the load of the value began. Every bump up to here is in the value. */
  readonly asOf?: Position;
}
