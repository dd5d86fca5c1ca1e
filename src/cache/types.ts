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

export interface ReadRequest<V> {
  /** The kind of value, for metrics and for clearing: every entry carries the tag `type:<type>`. */
  readonly type: string;
  readonly key: string;
  /** What the value is made of. A bump of any of them makes the entry invalid. */
  readonly tags: readonly string[];
  readonly tier: Tier;
  /**
   * With tier `bounded`: the value shows every write answered this many milliseconds before the read began. Default 0,
   * which is `acked`, as it is on a store inside this process.
   */
  readonly boundMs?: number;
  /**
   * The read answers with nothing that a bump up to this position made invalid, whatever its tier: what it returns was
   * loaded after the position, or its tags were seen, at the position or later, not to have moved since its load. A
   * position of another generation than the store's, or one that the store has not reached, is met by loading.
   */
  readonly floor?: Position;
  /**
   * The caller only reads the value, which may then be frozen in depth and the same object for several readers. Writing to
   * it throws a TypeError in strict mode, also to a Date, Map or Set inside. Default false.
   */
  readonly isFrozen?: boolean;
  /** Milliseconds, counted from the start of the load. 0 or less: do not cache. */
  readonly ttlMs: number;
  /** When given, the entry carries the tag `tenant:<tenant>` and is never shown to another tenant. */
  readonly tenant?: string;
  /** Which of several caches on one store: two aliases never see each other's entries. */
  readonly alias?: string;
  /** Further tags that an operator clears by. Unlike `tags` they bind the entry whatever its tier, as type and tenant do. */
  readonly scopes?: readonly string[];
  /** The canonical arguments behind `key`; an entry stored under another identity is a miss, so a hash may collide. */
  readonly identity?: string;
  /**
   * Age in milliseconds from which a hit also has the value loaded anew, in the background and at most once at a time. What
   * is shown meanwhile is as valid as any hit. Default: never.
   */
  readonly softTtlMs?: number;
  /**
   * How much older than its time to live an entry may be when it stands in for a failed load, milliseconds; not one of its
   * tags may have moved. Needs `isTransient`; the tier `ttl` gets none. Default 0.
   */
  readonly staleIfErrorMs?: number;
  /** Whether the source is in trouble, rather than having said no. */
  readonly isTransient?: (error: unknown) => boolean;
  /** How loads that find nothing are remembered. Default: not. */
  readonly negative?: Negative;
  /** Called once with what the read did, also when it rejects with a remembered absence. */
  readonly onOutcome?: (outcome: Outcome) => void;
  /**
   * Reads the truth: on the primary, outside any open transaction of the caller's. `undefined` is not stored. Called at
   * most once, perhaps in the background after the read has answered.
   */
  readonly load: () => Promise<V>;
  /** Tags known only from the value, such as one per row of a list. */
  readonly tagsFound?: (value: V) => readonly string[];
  /** Goes past the cache, for this reason. */
  readonly bypass?: 'demoted';
  /** Only looks: `load` is never called, and a read that is not a hit answers `undefined`. */
  readonly isPeek?: true;
  /** Longer values are stored compressed, bytes in wire format. Default: what the cache was made with. */
  readonly compressAboveBytes?: number;
}

/** An absence that may be told to other readers of the key: whoever may ask for the key may hear of it. */
export interface Negative {
  /** Milliseconds; never longer than the request's `ttlMs`. */
  readonly ttlMs: number;
  /** What is noted of an error that means "there is none"; undefined for every other error. */
  readonly capture: (error: unknown) => string | undefined;
  /** What later readers are rejected with. */
  readonly revive: (note: string) => unknown;
}

export interface ReadResult<V> {
  /**
   * A copy of the caller's own unless it could not be serialized or `isFrozen` was given. The reader that loaded gets what
   * `load` returned; everybody else gets it decoded: plain objects, Date, bigint, Map, Set, bytes and registered types.
   */
  readonly value: V;
  readonly outcome: Outcome;
}

/** A read without what it would run. */
export type ExplainRequest = Omit<ReadRequest<unknown>, 'load' | 'tagsFound'>;

/** What a read would do now. */
export interface Explanation {
  readonly type: string;
  readonly key: string;
  readonly tier: Tier;
  readonly wouldHit: boolean;
  /** Why it would not hit. */
  readonly reason?: Outcome['reason'];
  readonly ttlMs: number;
  /** The entry under this key, valid or not; absent when there is none that can be read. */
  readonly entry?: ExplainedEntry;
  /** Every tag that decides, with those that only the entry names. */
  readonly tags: readonly ExplainedTag[];
  /** In words: the cause, and what a read of this tier is never older than. */
  readonly why: string;
  readonly guarantee: string;
}

export interface ExplainedEntry {
  /** Milliseconds since its load began. */
  readonly ageMs: number;
  /** Milliseconds until it is too old; 0 when it is. */
  readonly ttlLeftMs: number;
  /** The logical time its load began at: it has seen every bump up to here. */
  readonly s0: number;
  readonly isOfThisGeneration: boolean;
  readonly bytes: number;
}

export interface ExplainedTag {
  readonly tag: string;
  /** The logical time of its last bump; 0: none is known. */
  readonly seq: number;
  /** Announced writes that have not ended. */
  readonly open: number;
  /** Bumped after the load of the entry began. */
  readonly hasMoved: boolean;
  /** Of the bump that moved it, when the store still remembers: wall-clock milliseconds of the store. */
  readonly movedAtMs?: number;
  /** The write that moved it: the id of its transaction. Absent for a bump without an announcement. */
  readonly movedBy?: string;
}

/** How an announced write ended. */
export type WriteOutcome = 'committed' | 'rolledBack';

/** An announced write that nobody has ended yet. */
export interface OpenIntent {
  readonly token: string;
  /** Milliseconds since it was announced, by the clock of the store. */
  readonly ageMs: number;
}

export interface Cache {
  /** Answers from the store or from `load`. Rejects only with what `load`, or another function of the request, threw. */
  read<V>(request: ReadRequest<V>): Promise<ReadResult<V>>;
  /**
   * Makes every entry with one of these tags invalid, in every process on the same store. When it resolves the store has
   * it: a read that begins later never returns a value loaded before this call.
   * @throws CacheUnavailable within the store's time limit when that is not certain. The cache remembers nothing: have
   * the tags in an outbox before calling, take them out when this resolves, and bump what is left in `replay`, which
   * runs before hits of this process resume. Other processes that still reach the store do not wait for that replay.
   */
  bump(tags: readonly string[]): Promise<void>;
  /**
   * Announces a write that is about to be committed. When it resolves every process on the same store knows: until `end`,
   * no read gets an entry with one of these tags, nor shares a load with a reader that came before. It never expires by
   * itself: a writer that dies leaves its tags uncached, and whoever knows how its write ended calls `end` for it (see
   * `openIntents`). May be repeated.
   * @param token names the write; all of them on one store differ
   * @throws CacheUnavailable when that is not certain; the write may have been announced all the same
   */
  begin(token: string, tags: readonly string[]): Promise<void>;
  /**
   * Ends an announced write. Committed bumps the announced tags and `tags`, also when the announcement was lost; rolled back
   * makes the entries valid again. @returns whether it was still open @throws CacheUnavailable as `bump` does
   */
  end(token: string, outcome: WriteOutcome, tags: readonly string[]): Promise<boolean>;
  /** Writes announced at least `olderThanMs` milliseconds ago and not ended, oldest first. @throws CacheUnavailable */
  openIntents(olderThanMs: number, limit: number): Promise<readonly OpenIntent[]>;
  /**
   * The highest position this process has learnt of, by its own bumps and by looking; no round trip. Given as `floor` to any
   * cache on the same store it makes that read show every write whose `bump` or `end` resolved here before. After
   * a bump whose outcome is not known it is one that no entry reaches, until the store has been caught up with.
   * Undefined: nothing learnt yet, or no store.
   */
  position(): Position | undefined;
  /**
   * Makes every entry invalid at once, whatever its tier; bounded reads of other processes within their bound.
   * @throws CacheUnavailable
   */
  clearAll(): Promise<void>;
  /** Calls `observer` with every event until the returned function is called. What it throws breaks no read. */
  on(observer: (event: CacheEvent) => void): () => void;
  /**
   * What `read` would do with this request now, and why. Only looks: nothing is loaded, stored, mended or counted as a read,
   * and no value is shown. Never rejects: a lost store is its answer.
   */
  explain(request: ExplainRequest): Promise<Explanation>;
  stats(): CacheStats;
  /** Never rejects: trouble is its answer. */
  health(): Promise<CacheHealth>;
  /** Finishes the writes under way and closes the store. Later reads go straight to their load; bumps are rejected. */
  close(): Promise<void>;
}

export type CacheEvent =
  /** `tagsOf`: what the answer depends on, as far as it is known. Made only when asked for. */
  | { readonly kind: 'read'; readonly outcome: Outcome; readonly tagsOf: () => readonly string[] }
  | { readonly kind: 'bump'; readonly tags: readonly string[]; readonly seq: number; readonly tookMs: number }
  | { readonly kind: 'bump-failed'; readonly tags: readonly string[]; readonly error: unknown }
  | { readonly kind: 'load-failed'; readonly type: string; readonly key: string; readonly error: unknown }
  /** An entry in the store that is not one of ours, damaged, or of another version; it counts as a miss. */
  | { readonly kind: 'corrupt'; readonly type: string; readonly key: string; readonly detail: string }
  /** A loaded value the cache did not keep although it was asked to. */
  | {
      readonly kind: 'not-stored';
      readonly why: 'unserializable' | 'too-large' | 'refused';
      readonly type: string;
      readonly key: string;
      readonly detail: string;
    }
  /** An entry has arrived in the store. `length` is of the whole entry, characters. */
  | { readonly kind: 'stored'; readonly type: string; readonly key: string; readonly length: number }
  /** The shadow verifier compared a hit with a load of its own. */
  | { readonly kind: 'shadow-checked'; readonly type: string; readonly key: string; readonly verdict: ShadowVerdict }
  /** After a verdict `stale`: reads of this type go past the cache for `forMs` milliseconds, in this process. */
  | { readonly kind: 'demoted'; readonly type: string; readonly key: string; readonly forMs: number }
  /** Once per outage: reads go to their loads until `store-recovered`. */
  | { readonly kind: 'store-lost'; readonly error: unknown }
  | { readonly kind: 'store-recovered'; readonly downMs: number }
  /** Every older entry is invalid from here on, and nothing is a hit for the next `holdMs` milliseconds. */
  | { readonly kind: 'new-generation'; readonly holdMs: number; readonly reason: GenerationReason }
  /** Once per outage: `replay` threw; it is tried again with backoff and reads bypass until it succeeds. */
  | { readonly kind: 'replay-failed'; readonly error: unknown }
  /** `settled` threw: nothing is a hit until it succeeds; the next read has it tried again. */
  | { readonly kind: 'fence-kept'; readonly error: unknown }
  /** The store may drop tags under memory pressure, which would bring stale entries back; strict reads bypass it. Once per connection. */
  | { readonly kind: 'unsafe-eviction'; readonly policy: string };

/**
 * `same`: the entry was right. `overtaken`: it differed from the load, and was spoilt since or differs no more: a write came
 * in between. `stale`: it differs, and no write was told of although the longest lawful delay has passed. `failed`: the
 * load of the verifier threw, or its value cannot be compared.
 */
export type ShadowVerdict = 'same' | 'overtaken' | 'stale' | 'failed';

/** `absent`: the store knows no generation (new, or flushed). `restarted`: another server process, or a failover. */
export type GenerationReason = 'absent' | 'restarted' | 'cleared';

export interface Counts {
  readonly reads: number;
  readonly hits: number;
  readonly misses: number;
  readonly joins: number;
  readonly bypasses: number;
  /** Failed loads, failed bumps, corrupt entries and values not stored. */
  readonly errors: number;
}

export interface CacheStats extends Counts {
  readonly bumps: number;
  readonly types: Readonly<Record<string, Counts>>;
  /** Types that go past the cache because of a stale entry, with the milliseconds left. Absent without a shadow verifier. */
  readonly demoted?: Readonly<Record<string, number>>;
}

export type StoreKind = 'memory' | 'redis' | 'null';

export interface CacheHealth {
  readonly ok: boolean;
  readonly store: StoreKind;
  /** `lost`: not reachable, or reachable and still catching up. `quarantine`: reachable, hits held back for a moment. */
  readonly state: 'ready' | 'lost' | 'quarantine';
  /** One round trip to the store, milliseconds; 0 when lost. */
  readonly latencyMs: number;
  readonly detail: string;
  /** Types that go past the cache because an entry was found older than its guarantee. Absent when there are none. */
  readonly demoted?: readonly string[];
}
