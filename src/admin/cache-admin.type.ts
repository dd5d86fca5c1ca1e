import type { CacheControl } from '../cache/index.js';
import type { Logger } from '../kernel/index.js';
import type { AdviceReport, Advisor } from './advice/advisor.js';
import type { Recorder } from './audit.js';
import type { Operator } from './operator.js';
import type {
  ClearInput,
  ClearReport,
  EntriesReport,
  ExplainInput,
  ExplainReport,
  FieldExplanation,
  HealthReport,
  KeysQuery,
  KeysReport,
  StatsReport,
  WarmInput,
  WarmReport,
  WarmStep,
} from './types.js';
import type { Warming } from './warming.js';

/** Whom an explained query is asked as: a user, else a visitor of the market. */
export interface Asking {
  /** Undefined: the user's own, or the standard one. */
  readonly tenant: string | undefined;
  readonly userId: string | undefined;
  /** Fails when the user is of another market than this. */
  readonly within: string | undefined;
}

export interface CacheAdminDeps {
  readonly control: CacheControl;
  /** Every entry that can be warmed: of one market, or of all. */
  readonly warmers: (tenant: string | undefined) => Promise<readonly WarmStep[]>;
  readonly warming: Warming;
  readonly explain: (
    input: Pick<ExplainInput, 'query' | 'variables' | 'operationName'>,
    asking: Asking,
  ) => Promise<readonly FieldExplanation[]>;
  readonly advisor: Pick<Advisor, 'advise'>;
  /** The id of the market of this slug. @throws AppError NOT_FOUND */
  readonly tenantIdOf: (slug: string) => Promise<string>;
  readonly logger: Logger;
  /** For the log of what staff do. What it throws fails the call, although the thing is done. */
  readonly record: Recorder;
}

/**
 * What can be done to the cache by hand. REST, command line and GraphQL are doors to this one place: it checks the input,
 * holds every operator to their reach, and writes who did what into the log. Nothing here can make an old value visible.
 * Every method throws AppError BAD_INPUT, FORBIDDEN, NOT_FOUND or UNAVAILABLE.
 */
export interface CacheAdmin {
  stats(by: Operator, query?: { readonly alias?: string | undefined }): Promise<StatsReport>;
  /** What is stored, by counting it: 10,000 entries at most. */
  entries(by: Operator, query?: { readonly alias?: string | undefined }): Promise<EntriesReport>;
  health(by: Operator, query?: { readonly alias?: string | undefined }): Promise<HealthReport>;
  keys(by: Operator, query?: KeysQuery): Promise<KeysReport>;
  clear(by: Operator, input: ClearInput): Promise<ClearReport>;
  /** Everything within reach: of one market for its admin. */
  clearAll(by: Operator): Promise<ClearReport>;
  warm(by: Operator, input?: WarmInput, onProgress?: (done: number, total: number) => void): Promise<WarmReport>;
  explain(by: Operator, input: ExplainInput): Promise<ExplainReport>;
  advise(by: Operator, query?: { readonly types?: readonly string[] | undefined }): Promise<AdviceReport>;
}
