import type { AdviceReport } from '../advice/advisor.js';
import type {
  ClearReport,
  EntriesReport,
  ExplainReport,
  FieldExplanation,
  HealthReport,
  KeysReport,
  Ratios,
  StatsReport,
  WarmReport,
} from '../types.js';

type Lines = readonly string[];

export function showStats(report: StatsReport | EntriesReport): Lines {
  if ('note' in report) return showEntries(report);
  const named = [...Object.entries(report.aliases), ...Object.entries(report.types)];
  return [
    ...table(
      ['', 'reads', 'hit ratio', 'hits', 'joins', 'misses', 'bypasses', 'errors'],
      [['total', report] as const, ...named].map(([name, counts]) => [name, ...countsOf(counts)]),
    ),
    `${report.bumps} invalidations`,
    ...Object.entries(report.demoted).map(
      ([type, leftMs]) => `${type} showed old data and is read past the cache for ${seconds(leftMs)} more`,
    ),
  ];
}

function countsOf({ reads, hitRatio, hits, joins, misses, bypasses, errors }: Ratios): readonly string[] {
  return [reads, percent(hitRatio), hits, joins, misses, bypasses, errors].map(String);
}

function showEntries({ entries, bytes, aliases, isTruncated, note }: EntriesReport): Lines {
  const rows = Object.entries(aliases).map(([name, held]) => [name, String(held.entries), String(held.bytes)]);
  const more = isTruncated ? ' or more' : '';
  return [...table(['alias', 'entries', 'bytes'], [...rows, ['total', `${entries}${more}`, `${bytes}${more}`]]), note];
}

export function showHealth({ aliases }: HealthReport): Lines {
  const rows = Object.entries(aliases).map(([name, { ok, store, state, latencyMs, detail }]) => [
    name,
    ok ? 'well' : 'UNWELL',
    store,
    state,
    `${latencyMs.toFixed(1)} ms`,
    detail,
  ]);
  return table(['alias', '', 'store', 'state', 'round trip', 'detail'], rows);
}

export function showKeys({ keys, isTruncated }: KeysReport): Lines {
  const rows = keys.map(({ key, alias, ttlMs, bytes }) => [key, alias, `${Math.round(ttlMs / 1000)} s`, String(bytes)]);
  const more = isTruncated ? ['There may be more: name a narrower --pattern or a higher --limit.'] : [];
  return [...table(['key', 'alias', 'time left', 'bytes'], rows), ...more];
}

export function showClear({ scope, entries }: ClearReport): Lines {
  return [entries === null ? `Cleared ${scope}.` : `Removed ${entries} entries: ${scope}.`];
}

export function showWarm({ total, loaded, warm, bypassed, failed, errors, tookMs }: WarmReport): Lines {
  const head = `${total} entries in ${tookMs} ms: ${loaded} loaded, ${warm} were warm, ${bypassed} not cached, ${failed} failed.`;
  return [head, ...errors.map(({ step, message }) => `  ${step}: ${message}`)];
}

export function showExplain({ fields }: ExplainReport): Lines {
  return fields.flatMap(explainLines);
}

function explainLines({ path, field, explanation, error }: FieldExplanation): Lines {
  const head = path === field ? field : `${path} (${field})`;
  if (error) return [`${head}: ${error.code}, ${error.message}`];
  if (!explanation) return [`${head}: never cached`];
  const { wouldHit, why, type, key, guarantee, entry, tags } = explanation;
  const age = entry && `loaded ${seconds(entry.ageMs)} ago, ${seconds(entry.ttlLeftMs)} left, ${entry.bytes} bytes`;
  return [
    `${head}: ${wouldHit ? 'HIT' : 'no hit'}: ${why}`,
    `  type ${type}, key ${key}`,
    `  ${guarantee}`,
    `  entry: ${age ?? 'none'}`,
    ...tags.map(({ tag, seq, open, hasMoved }) => {
      const marks = [hasMoved && 'moved since', open > 0 && `${open} announced writes`].filter(Boolean);
      return `  tag ${tag} at ${seq}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`;
    }),
  ];
}

export function showAdvice({ watchedS, note, types }: AdviceReport): Lines {
  const rows = types.map(({ type, reads, ttlS, recommendedTtlS, verdict, why }) => [
    type,
    String(reads),
    ttlS === undefined ? '-' : `${ttlS} s`,
    recommendedTtlS === undefined ? '-' : `${recommendedTtlS} s`,
    verdict,
    why,
  ]);
  return [`Watched for ${watchedS} s. ${note}`, ...table(['type', 'reads', 'now', 'advised', 'verdict', 'why'], rows)];
}

/** Columns as wide as their widest cell, two spaces apart. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): Lines {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
