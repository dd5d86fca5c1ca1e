import { CacheUnavailable, type CacheControl, type Counts, type StoredKey } from '../cache/index.js';
import { AppError, badInput, isUuid, type Logger } from '../kernel/index.js';
import type { AdviceReport, Advisor } from './advice/advisor.js';
import { checkClear, checkLimit, checkTypes, scopeInWords } from './checks.js';
import { reachOf, requireWholeInstallation, type Operator } from './operator.js';
import type {
  ClearInput,
  ClearReport,
  EntriesReport,
  ExplainInput,
  ExplainReport,
  FieldExplanation,
  Held,
  HealthReport,
  KeysQuery,
  KeysReport,
  Ratios,
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

export function createCacheAdmin(deps: CacheAdminDeps): CacheAdmin {
  const { control, logger } = deps;
  const audited = createAudit(logger);
  const aliasOf = (alias: string | undefined): string | undefined => {
    if (alias === undefined || control.aliases.includes(alias)) return alias;
    throw badInput('alias', `no such alias; takes ${control.aliases.join(', ')}`);
  };
  const tenantOf = async (by: Operator, wanted: string | undefined): Promise<string | undefined> =>
    reachOf(by, wanted === undefined || isUuid(wanted) ? wanted : await deps.tenantIdOf(wanted));

  const admin: CacheAdmin = {
    stats: (by, { alias } = {}) => audited(by, 'stats', { alias }, async () => statsOf(control, aliasOf(alias))),
    entries: (by, { alias } = {}) =>
      audited(by, 'entries', { alias }, async () => {
        const scope = given({ alias: aliasOf(alias), tenant: by.tenant });
        return heldOf(await control.keys('*', { ...scope, limit: entriesMax }));
      }),
    health: (by, { alias } = {}) =>
      audited(by, 'health', { alias }, async () => {
        const wanted = aliasOf(alias);
        const all = Object.entries(await control.health());
        const aliases = Object.fromEntries(all.filter(([name]) => wanted === undefined || name === wanted));
        return { ok: Object.values(aliases).every(({ ok }) => ok), aliases };
      }),
    keys: (by, query = {}) =>
      audited(by, 'keys', query, async () => {
        const [limit, alias, tenant] = [
          checkLimit(query.limit),
          aliasOf(query.alias),
          await tenantOf(by, query.tenant),
        ];
        const keys = await control.keys(query.pattern ?? '*', { ...given({ alias, tenant }), limit });
        return { keys, isTruncated: keys.length >= limit };
      }),
    clear: (by, input) =>
      audited(by, 'clear', input, async () => {
        const { type, tags, pattern } = checkClear(input);
        if (tags !== undefined) requireWholeInstallation(by, 'Tags are');
        const scope = given({ alias: aliasOf(input.alias), tenant: await tenantOf(by, input.tenant) });
        const named = { ...scope, ...given({ type, tags }) };
        if (pattern !== undefined)
          return { scope: scopeInWords({ ...scope, pattern }), entries: await control.clearPattern(pattern, scope) };
        await control.clear(named);
        return { scope: scopeInWords(named), entries: null };
      }),
    clearAll: (by) =>
      audited(by, 'clear all', { tenant: by.tenant }, async () => {
        await (by.tenant === undefined ? control.clearAll() : control.clear({ tenant: by.tenant }));
        return { scope: scopeInWords(given({ tenant: by.tenant })), entries: null };
      }),
    ...createUnderstanding(deps, audited, tenantOf),
  };
  return admin;
}

type Audited = <T>(by: Operator, action: string, scope: object, work: () => Promise<T>) => Promise<T>;
type TenantOf = (by: Operator, wanted: string | undefined) => Promise<string | undefined>;

function createUnderstanding(
  { warmers, warming, explain, advisor }: CacheAdminDeps,
  audited: Audited,
  tenantOf: TenantOf,
): Pick<CacheAdmin, 'warm' | 'explain' | 'advise'> {
  return {
    warm: (by, input = {}, onProgress) =>
      audited(by, 'warm', input, async () => {
        const types = checkTypes(input.types);
        const steps = await warmers(await tenantOf(by, input.tenant));
        const warmable = new Set<string>(steps.map(({ type }) => type));
        const missing = types?.find((type) => !warmable.has(type));
        if (missing !== undefined)
          throw badInput('types', `${missing} cannot be warmed; takes ${[...warmable].join(', ')}`);
        return warming.run(
          steps.filter(({ type }) => types === undefined || types.includes(type)),
          onProgress,
        );
      }),
    explain: (by, input) =>
      audited(by, 'explain', { asUser: input.asUser, tenant: input.tenant }, async () => {
        if (input.query.trim() === '') throw badInput('query', 'is empty; takes a GraphQL query');
        if (input.asUser !== undefined && !isUuid(input.asUser)) throw badInput('asUser', 'takes the id of a user');
        const within = await tenantOf(by, input.tenant);
        const isElsewhere = input.tenant !== undefined && by.tenant === undefined;
        const userId = input.asUser ?? (isElsewhere ? undefined : by.userId);
        return { fields: await explain(input, { tenant: within, userId, within }) };
      }),
    advise: (by, { types } = {}) => audited(by, 'advise', { types }, async () => advisor.advise(checkTypes(types))),
  };
}

/** One line for every operation, also for those that were refused or failed. */
function createAudit(logger: Logger): Audited {
  return async (by, action, scope, work) => {
    const startedMs = performance.now();
    const line = { by: by.name, reach: by.tenant ?? 'all markets', ...scope };
    try {
      const done = await work();
      logger.info({ ...line, tookMs: Math.round(performance.now() - startedMs) }, `cache ${action}, by hand`);
      return done;
    } catch (error) {
      logger.warn({ ...line, err: error }, `cache ${action}, by hand: not done`);
      throw asFault(error);
    }
  };
}

function asFault(error: unknown): unknown {
  if (!(error instanceof CacheUnavailable)) return error;
  const message = 'The cache store cannot be reached, so this was not done for certain; try again.';
  return new AppError('UNAVAILABLE', message, { retryable: true, cause: error });
}

const entriesMax = 10_000;
const entriesNote = 'Reads and hits are counted by each server process: ask one with --url and --token.';

function heldOf(keys: readonly StoredKey[]): EntriesReport {
  const total = { entries: keys.length, bytes: keys.reduce((sum, { bytes }) => sum + bytes, 0) };
  const aliases: Record<string, Held> = {};
  for (const { alias, bytes } of keys) {
    const held = aliases[alias] ?? { entries: 0, bytes: 0 };
    aliases[alias] = { entries: held.entries + 1, bytes: held.bytes + bytes };
  }
  return { ...total, aliases, isTruncated: keys.length >= entriesMax, note: entriesNote };
}

function statsOf(control: CacheControl, alias: string | undefined): StatsReport {
  const { bumps, types, aliases, ...total } = control.stats();
  const shown = Object.entries(aliases).filter(([name]) => alias === undefined || name === alias);
  return {
    ...withRatio((alias === undefined ? undefined : aliases[alias]) ?? total),
    bumps,
    aliases: Object.fromEntries(shown.map(([name, counts]) => [name, withRatio(counts)])),
    types: Object.fromEntries(Object.entries(types).map(([type, counts]) => [type, withRatio(counts)])),
  };
}

/** Joins count: they were spared their load. */
function withRatio(counts: Counts): Ratios {
  const { reads, hits, joins } = counts;
  return { ...counts, hitRatio: reads === 0 ? 0 : (hits + joins) / reads };
}

/** Without what is undefined. */
function given<T extends object>(parts: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as never;
}
