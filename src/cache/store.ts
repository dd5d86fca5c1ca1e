import type { OpenIntent, StoreKind, WriteOutcome } from './types.js';

/** What a store knows of one tag. A tag never heard of, or forgotten, is at the store's floor: bumped as late as any that was forgotten. */
export interface TagState {
  /** The logical time of its last bump. */
  readonly seq: number;
  /** Announced writes not finished yet; above 0 no entry with this tag is valid. */
  readonly open: number;
}

/** The control state and one entry, read at one instant. */
export interface Look {
  /** Missing when the store lost its state: nothing in it may be trusted until `handshake` made a new generation. */
  readonly generation: string | undefined;
  readonly held: boolean;
  /** The generation waits for `lift`, and nothing is valid until then. */
  readonly fenced: boolean;
  readonly seq: number;
  readonly entry: string | undefined;
  /** In the order asked. */
  readonly tags: readonly TagState[];
}

export interface EntryInfo {
  readonly key: string;
  /** Milliseconds left to live; Infinity when it has no end. */
  readonly ttlMs: number;
  /** Of key and entry, as the store counts them. */
  readonly bytes: number;
}

export interface Handshake {
  /** Present when this call began a new generation. */
  readonly renewed?: { readonly reason: 'absent' | 'restarted'; readonly holdMs: number };
  /** The present generation, when it is fenced. */
  readonly fenced?: string;
  /** The eviction policy, when it may drop control keys. */
  readonly unsafeEviction?: string;
}

/** One bump, for those who ask what moved a tag. */
export interface Bumped {
  readonly seq: number;
  /** Wall-clock milliseconds, by the clock of the store. */
  readonly atMs: number;
  /** Of the announced write it ended; absent for a bump without announcement. */
  readonly token?: string;
  /** The first 20. */
  readonly tags: readonly string[];
  /** How many more it moved. */
  readonly more: number;
}

export interface Ended {
  /** The seq that the tags moved to; 0 when rolled back. */
  readonly seq: number;
  /** Whether it was open until now. False: it was ended before, or the store lost its state since. */
  readonly wasOpen: boolean;
}

export type Occasion = 'connected' | 'vanished';

/** Where a store says that its connection came or went; each may be called any number of times. */
export interface StoreLink {
  up(): void;
  down(error: Error): void;
}

/**
 * Keeps entries and the control state; decides nothing. Every method takes bounded time and rejects with CacheUnavailable
 * when the outcome is unknown or the store cannot be trusted; `put` alone may reject with EntryRefused.
 */
export interface Store {
  readonly kind: StoreKind;
  /** Starts, and reports to `link` from then on. */
  connect(link: StoreLink): void;
  /**
   * Makes sure a generation exists that belongs to this very server process; to be run before the first hit of every
   * connection (`connected`), and when a read finds that the generation is gone (`vanished`). A generation that replaces a
   * lost state begins fenced, because writes that are announced there may still be under way.
   */
  handshake(occasion: Occasion): Promise<Handshake>;
  look(entryKey: string, tags: readonly string[]): Promise<Look>;
  /** The same for tags alone, to complete a look of the same generation. */
  lookTags(tags: readonly string[]): Promise<Pick<Look, 'generation' | 'tags'>>;
  /** Keeps `entry` for `ttlMs` milliseconds. @throws EntryRefused when the store is well but does not take this entry */
  put(entryKey: string, entry: string, ttlMs: number): Promise<void>;
  /**
   * Keys of entries that match a pattern of Redis (`*`, `?`, `[a-z]`, `\\` before a sign taken as it is), `limit` at most, in
   * no order. What is stored or removed meanwhile may be in it or not.
   */
  scan(pattern: string, limit: number): Promise<readonly string[]>;
  /** Removes entries, which is never unsafe. @returns how many there were @throws RangeError for a key that is no entry's */
  unlink(entryKeys: readonly string[]): Promise<number>;
  /** What is known of these entries without reading them; those that are not there are left out. @throws RangeError */
  inspect(entryKeys: readonly string[]): Promise<readonly EntryInfo[]>;
  /** Advances the clock once and moves every tag to it, atomically. @returns the new seq */
  bump(tags: readonly string[]): Promise<number>;
  /**
   * Announces a write under a name of its own: until its `end`, every tag is open. Repeated, it adds what is new. It never
   * expires by itself. @returns `no-generation` when the store has lost its state; then nothing is announced
   */
  begin(token: string, tags: readonly string[]): Promise<'begun' | 'no-generation'>;
  /**
   * Ends an announced write, atomically: committed moves its tags and `tags` to a new seq as `bump` does, rolled back
   * leaves them where they were. May be repeated, and is no harm for a token never heard of.
   */
  end(token: string, outcome: WriteOutcome, tags: readonly string[]): Promise<Ended>;
  /** The oldest announced writes that have been open for `olderThanMs` milliseconds, `limit` at most. */
  openIntents(olderThanMs: number, limit: number): Promise<readonly OpenIntent[]>;
  /** The last bumps, youngest first: `limit` at most, and 1,000 at most are kept. Nothing depends on it. */
  history(limit: number): Promise<readonly Bumped[]>;
  /** Takes the fence of this generation away; nothing when another one has begun. */
  lift(generation: string): Promise<void>;
  /** Begins a new generation without a hold; announced writes stay, and so does a fence. */
  renew(): Promise<void>;
  /** Asks for a sign of life on the present connection. */
  ping(): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** The store cannot be asked, or did not answer in time: whether a bump arrived is not known. The same call may succeed later. */
export class CacheUnavailable extends Error {
  override readonly name = 'CacheUnavailable';
  readonly retryable = true;
}

/** The store is well and does not take this one entry. */
export class EntryRefused extends Error {
  override readonly name = 'EntryRefused';
}
