import type { CacheEvent, CacheHealth, CacheStats } from './event.type.js';
import type { Outcome, Position, Tier } from './outcome.type.js';

export * from './event.type.js';
export * from './outcome.type.js';

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
