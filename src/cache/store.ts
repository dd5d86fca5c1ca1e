import type { Stamp } from './near.js';
import type { OpenIntent, Position, StoreKind, WriteOutcome } from './types.js';

/** What a store knows of one tag. A tag never heard of, or forgotten, is at the store's floor: bumped as late as any that was forgotten. */
export interface TagState {
  /** The logical time of its last bump. */
  readonly seq: number;
  /** Announced writes not finished yet; above 0 no entry with this tag is valid. */
  readonly open: number;
}

/** The control state, read at one instant. */
export interface Control {
  /** Missing when the store lost its state: nothing in it may be trusted until `handshake` made a new generation. */
  readonly generation: string | undefined;
  readonly held: boolean;
  /** The generation waits for `lift`, and nothing is valid until then. */
  readonly fenced: boolean;
  readonly seq: number;
  /** In the order asked. */
  readonly tags: readonly TagState[];
}

/** The control state and one entry, read at one instant. */
export interface Look extends Control {
  readonly entry: string | undefined;
}

export interface EntryInfo {
  readonly key: string;
  /** Milliseconds left to live; Infinity when it has no end. */
  readonly ttlMs: number;
  /** Of key and entry, as the store counts them. */
  readonly bytes: number;
}

/** What a fill must know of the look before it; `stamp` names the entry that was there, if that is known. */
export type Seen = Pick<Look, 'generation' | 'seq' | 'tags'> & {
  readonly stamp: string | undefined;
  /** When it was sent. */
  readonly lookedAt: Stamp;
};

export interface Handshake {
  /** Present when this call began a new generation. */
  readonly renewed?: { readonly reason: 'absent' | 'restarted'; readonly holdMs: number };
  /** The present generation, when it is fenced. */
  readonly fenced?: string;
  /** The eviction policy, when it may drop control keys. */
  readonly unsafeEviction?: string;
}

/** One bump, for those who ask what moved a tag. */
export interface BumpRecord {
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

/** Where a bump moved its tags to. The generation is empty when the store had lost its state; of a write rolled back the seq is 0. */
export interface Ended extends Position {
  /** Whether it was open until now. False: it was ended before, or the store lost its state since. */
  readonly wasOpen: boolean;
}

/** A fill under way, as others see it: what will be stored began at `s0`. */
export interface Lease {
  /** The generation and the question that it answers, without spaces; the fill of another does not help. */
  readonly of: string;
  readonly s0: number;
  /** Names this one fill. */
  readonly token: string;
}

/**
 * Who fills an entry now, so that many processes load it once. A help, and no part of what makes an entry valid: a lease
 * may be lost, taken over or outlive its holder, and costs at most a load too many.
 */
export interface Leases {
  /**
   * Takes the lease of an entry. One that stands is kept when its fill will do for this reader too: of the same, and begun at
   * `leastS0` or later. @returns the lease that stands now, as `leaseText` writes it; empty when the entry is
   * not the one seen any more. @throws EntryRefused when the store is well but gives none
   */
  claim(entryKey: string, lease: Lease, terms: LeaseTerms): Promise<string>;
  /** The lease that stands, if any. */
  standing(entryKey: string): Promise<string | undefined>;
  /** Gives back the lease, if it is still this one that stands. */
  release(entryKey: string, lease: Lease): Promise<void>;
}

export interface LeaseTerms {
  readonly leastS0: number;
  /** Milliseconds. */
  readonly forMs: number;
  /** What `stampOf` says of the entry that was looked at; undefined: whatever it is now. */
  readonly seen: string | undefined;
}

/** Version and checksum of an entry tell it from others of its key; empty for none, undefined for what is no entry. */
export function stampOf(entry = ''): string | undefined {
  const stamp = entry.slice(0, stampLength);
  // Bytes that are not text were changed on their way here.
  return /^[ -~]*$/.test(stamp) ? stamp : undefined;
}

export const stampLength = 10;

export function leaseText({ of, s0, token }: Lease): string {
  return `${s0} ${of} ${token}`;
}

export type Occasion = 'connected' | 'vanished';

/** Where a store says that its connection came or went; each may be called any number of times. */
export interface StoreLink {
  up(): void;
  down(error: Error): void;
}

/**
 * Keeps entries and the control state; decides nothing. Every method takes bounded time and rejects with CacheUnavailable
 * when the outcome is unknown or the store cannot be trusted; `put` and the leases alone may reject with EntryRefused.
 */
export interface Store {
  readonly kind: StoreKind;
  /** A look may read its entry at another instant than the control state, which is read at one. Default: all at one. */
  readonly readsApart?: boolean;
  /** Starts, and reports to `link` from then on. */
  connect(link: StoreLink): void;
  /**
   * Makes sure a generation exists that belongs to this very server process; to be run before the first hit of every
   * connection (`connected`), and when a read finds that the generation is gone (`vanished`). A generation that replaces a
   * lost state begins fenced, because writes that are announced there may still be under way.
   */
  handshake(occasion: Occasion): Promise<Handshake>;
  look(entryKey: string, tags: readonly string[]): Promise<Look>;
  /** The same without an entry. */
  lookTags(tags: readonly string[]): Promise<Control>;
  /** Keeps `entry` for `ttlMs` milliseconds. @throws EntryRefused when the store is well but does not take this entry */
  put(entryKey: string, entry: string, ttlMs: number): Promise<void>;
  readonly leases: Leases;
  /**
   * Keys of entries that match a pattern of Redis (`*`, `?`, `[a-z]`, `\\` before a sign taken as it is), `limit` at most, in
   * no order. What is stored or removed meanwhile may be in it or not.
   */
  scan(pattern: string, limit: number): Promise<readonly string[]>;
  /** Removes entries, which is never unsafe. @returns how many there were @throws RangeError for a key that is no entry's */
  unlink(entryKeys: readonly string[]): Promise<number>;
  /** What is known of these entries without reading them; those that are not there are left out. @throws RangeError */
  inspect(entryKeys: readonly string[]): Promise<readonly EntryInfo[]>;
  /** Advances the clock once and moves every tag to it, atomically. @returns the new seq; its generation is empty when the store had lost its state */
  bump(tags: readonly string[]): Promise<Position>;
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
  history(limit: number): Promise<readonly BumpRecord[]>;
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
