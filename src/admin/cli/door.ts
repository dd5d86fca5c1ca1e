import type { AdviceReport } from '../advice/advisor.js';
import type { CacheAdmin } from '../cache-admin.type.js';
import type {
  ClearInput,
  ClearReport,
  EntriesReport,
  ExplainInput,
  ExplainReport,
  HealthReport,
  KeysQuery,
  KeysReport,
  StatsReport,
  WarmInput,
  WarmReport,
} from '../types.js';
import { commandLine } from '../operator.js';
import { CliFault } from './fault.js';

/** What the commands do, wherever it is done: in a running server, or beside it on the same Redis and database. */
export interface CacheDoor {
  stats(query: { readonly alias?: string }): Promise<StatsReport | EntriesReport>;
  health(query: { readonly alias?: string }): Promise<HealthReport>;
  keys(query: KeysQuery): Promise<KeysReport>;
  clear(input: ClearInput): Promise<ClearReport>;
  clearAll(): Promise<ClearReport>;
  warm(input: WarmInput, onProgress: (done: number, total: number) => void): Promise<WarmReport>;
  explain(input: ExplainInput): Promise<ExplainReport>;
  advise(query: { readonly types?: readonly string[] }): Promise<AdviceReport>;
  close(): Promise<void>;
}

/** Beside the servers: on what they share. What only a server has seen is not there, and is said to be so. */
export function directDoor(admin: CacheAdmin, close: () => Promise<void>): CacheDoor {
  const by = commandLine;
  return {
    stats: ({ alias }) => admin.entries(by, { alias }),
    health: (query) => admin.health(by, query),
    keys: (query) => admin.keys(by, query),
    clear: (input) => admin.clear(by, input),
    clearAll: () => admin.clearAll(by),
    warm: (input, onProgress) => admin.warm(by, input, onProgress),
    explain: (input) => admin.explain(by, input),
    advise: () =>
      Promise.reject(
        new CliFault('usage', 'Advice comes from the reads a running server has seen: name it with --url and --token.'),
      ),
    close,
  };
}
