import type { CacheHealth, Counts, Explanation, StoredKey } from '../cache/index.js';
import type { CacheType } from '../invalidation/index.js';

/** Counts with what follows from them. */
export interface Ratios extends Counts {
  /** Hits and joins among all reads, 0 to 1; 0 without reads. */
  readonly hitRatio: number;
}

/** Of the server process that answers, since it started. */
export interface StatsReport extends Ratios {
  readonly bumps: number;
  /** Types that this process reads past the cache because they showed old data, and for how many milliseconds more. */
  readonly demoted: Readonly<Record<string, number>>;
  readonly aliases: Readonly<Record<string, Ratios>>;
  readonly types: Readonly<Record<string, Ratios>>;
}

/** What stands in a shared store, for those who are no server and have counted nothing. */
export interface EntriesReport extends Held {
  readonly aliases: Readonly<Record<string, Held>>;
  /** There were more than were looked at. */
  readonly isTruncated: boolean;
  readonly note: string;
}

export interface Held {
  readonly entries: number;
  readonly bytes: number;
}

export interface HealthReport {
  /** Every alias is well. */
  readonly ok: boolean;
  readonly aliases: Readonly<Record<string, CacheHealth>>;
}

export interface KeysQuery {
  /** A glob over keys: `*`, `?`, `[abc]`. Default `*`. */
  readonly pattern?: string | undefined;
  readonly alias?: string | undefined;
  /** A slug or an id. */
  readonly tenant?: string | undefined;
  /** 1 to 1000. Default 100. */
  readonly limit?: number | undefined;
}

export interface KeysReport {
  readonly keys: readonly StoredKey[];
  /** There may be more than were asked for. */
  readonly isTruncated: boolean;
}

/** What is named together is cut. Nothing named is refused: to clear everything there is `clearAll`. */
export interface ClearInput {
  readonly alias?: string | undefined;
  /** A slug or an id. */
  readonly tenant?: string | undefined;
  readonly type?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** A glob over keys; goes with `alias` and `tenant` only. */
  readonly pattern?: string | undefined;
}

export interface ClearReport {
  /** What was cleared, in words. */
  readonly scope: string;
  /** How many entries were removed; null when they were made invalid at one stroke, which counts nothing. */
  readonly entries: number | null;
}

export interface WarmInput {
  /** Default: every type that can be warmed. */
  readonly types?: readonly string[] | undefined;
  /** A slug or an id. Default: every market within reach. */
  readonly tenant?: string | undefined;
}

export interface WarmFailure {
  readonly step: string;
  readonly message: string;
}

export interface WarmReport {
  readonly total: number;
  /** Loaded and stored now. */
  readonly loaded: number;
  /** Were there already. */
  readonly warm: number;
  /** Loaded past the cache: switched off, or the store is not to be had. */
  readonly bypassed: number;
  readonly failed: number;
  /** The first 20. */
  readonly errors: readonly WarmFailure[];
  readonly tookMs: number;
}

/** One entry that is worth having before somebody asks. */
export interface WarmStep {
  /** In words, for errors and progress. */
  readonly name: string;
  readonly type: CacheType;
  /** Reads it as a visitor would. @returns what the cache did */
  readonly run: () => Promise<'hit' | 'miss' | 'join' | 'bypass'>;
}

export interface ExplainInput {
  /** One GraphQL query operation. */
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly operationName?: string | undefined;
  /** The id of a user of the market, to ask as. Default: the admin; from the command line: a visitor. */
  readonly asUser?: string | undefined;
  /** A slug or an id: the market to ask in. */
  readonly tenant?: string | undefined;
}

/** What the cache would do for one field at the top of the query. */
export interface FieldExplanation {
  /** The field's name in the answer. */
  readonly path: string;
  readonly field: string;
  /** Absent for a field that is never cached, and with `error`. */
  readonly explanation?: Explanation;
  /** Why this viewer would not get that far. */
  readonly error?: { readonly code: string; readonly message: string };
}

export interface ExplainReport {
  readonly fields: readonly FieldExplanation[];
}
