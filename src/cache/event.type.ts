import type { Outcome } from './outcome.type.js';

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
