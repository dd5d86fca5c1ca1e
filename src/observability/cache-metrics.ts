import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Cache, CacheEvent, Outcome } from '../cache/index.js';
import { atMost, secondsBuckets } from './metric-labels.js';

/** Of a cache that a program opened to values of its own kinds. */
const typesMax = 100;
const intentsMax = 1_000;
const storeStates = ['ready', 'lost', 'quarantine'] as const;

const standardAlias = 'default';

/** What is asked for its state at each scrape, by the first alias that stands there. */
export type MeasuredStores = ReadonlyMap<string, Pick<Cache, 'health' | 'openIntents'>>;

/** Counts what the cache says it does, from its one stream of events, and asks its stores for their state at each scrape. */
export function measureCache(
  cache: Cache,
  registry: Registry,
  stores: MeasuredStores = new Map([[standardAlias, cache]]),
): void {
  const registers = [registry];
  const reads = createReadMetrics(registers);
  const writes = createWriteMetrics(registers);
  const trouble = createTroubleMetrics(registers);
  const type = atMost(typesMax);
  const aliasOf = createAliasOf();
  cache.on((event) => {
    const alias = aliasOf(event);
    if (event.kind === 'read') reads(event.outcome, type(event.outcome.type), alias);
    else {
      writes(event, type, alias);
      trouble(event, type, alias);
    }
  });
  measureStores(stores, registry);
  measureDemotions(cache, registry, aliasOf);
}

type Named = CacheEvent | { readonly type: string };

/** Reads say where they stand; other events name only their type, and stand where it was last read. */
function createAliasOf(): (event: Named) => string {
  const known = new Map<string, string>();
  const bounded = atMost(typesMax);
  return (event) => {
    if ('kind' in event && event.kind === 'read') {
      const { alias = standardAlias, type } = event.outcome;
      known.set(bounded(type), alias);
      return alias;
    }
    return ('type' in event ? known.get(event.type) : undefined) ?? standardAlias;
  };
}

type LabelOf = (value: string) => string;

function createReadMetrics(registers: Registry[]) {
  const counter = (name: string, help: string, more: readonly string[] = []) =>
    new Counter({ name, help, labelNames: ['alias', 'type', 'tier', ...more], registers });
  const gets = counter('cache_get_total', 'Reads through the cache, whatever came of them.');
  const hits = counter('cache_hits_total', 'Reads answered by an entry.', ['layer']);
  const misses = counter('cache_misses_total', 'Reads that found no entry to show and loaded one.', ['reason']);
  const joins = counter('cache_joins_total', "Reads answered by another reader's load.");
  const bypasses = counter('cache_bypasses_total', 'Reads that went past the cache.', ['reason']);
  const duration = new Histogram({
    name: 'cache_read_duration_seconds',
    help: 'Time of a read, load included.',
    labelNames: ['alias', 'type', 'tier', 'kind'],
    buckets: secondsBuckets,
    registers,
  });
  return ({ kind, reason: why, tier, layer = 'store', tookMs }: Outcome, type: string, alias: string): void => {
    const labels = { alias, type, tier };
    const reason = why ?? 'none';
    gets.inc(labels);
    duration.observe({ alias, type, tier, kind }, tookMs / 1000);
    if (kind === 'hit') hits.inc({ alias, type, tier, layer });
    else if (kind === 'miss') misses.inc({ alias, type, tier, reason });
    else if (kind === 'join') joins.inc(labels);
    else bypasses.inc({ alias, type, tier, reason });
  };
}

function createWriteMetrics(registers: Registry[]) {
  const fills = new Counter({
    name: 'cache_fills_total',
    help: 'Entries stored.',
    labelNames: ['alias', 'type'],
    registers,
  });
  const bytes = new Counter({
    name: 'cache_stored_bytes_total',
    help: 'Size of the entries stored, in characters of their text, which is one byte each but for names outside ASCII.',
    labelNames: ['alias', 'type'],
    registers,
  });
  const invalidations = new Counter({
    name: 'cache_invalidations_total',
    help: 'Invalidations, one for each write.',
    labelNames: ['alias'],
    registers,
  });
  const tags = new Counter({
    name: 'cache_invalidated_tags_total',
    help: 'Tags made invalid.',
    labelNames: ['alias'],
    registers,
  });
  const duration = new Histogram({
    name: 'cache_invalidation_duration_seconds',
    help: 'Time until the store had an invalidation.',
    labelNames: ['alias'],
    buckets: secondsBuckets,
    registers,
  });
  return (event: CacheEvent, type: LabelOf, alias: string): void => {
    if (event.kind === 'stored') {
      fills.inc({ alias, type: type(event.type) });
      bytes.inc({ alias, type: type(event.type) }, event.length);
    } else if (event.kind === 'bump') {
      invalidations.inc({ alias });
      tags.inc({ alias }, event.tags.length);
      duration.observe({ alias }, event.tookMs / 1000);
    }
  };
}

function createTroubleMetrics(registers: Registry[]) {
  const errors = new Counter({
    name: 'cache_errors_total',
    help: 'What went wrong, by the kind of event.',
    labelNames: ['alias', 'kind'],
    registers,
  });
  const verdicts = new Counter({
    name: 'cache_shadow_checks_total',
    help: 'Hits that were loaded again and compared, by verdict.',
    labelNames: ['alias', 'type', 'verdict'],
    registers,
  });
  const staleness = new Counter({
    name: 'cache_true_staleness_total',
    help: 'Answers found older than their guarantee. Anything but 0 is a defect.',
    labelNames: ['alias', 'type'],
    registers,
  });
  return (event: CacheEvent, type: LabelOf, alias: string): void => {
    if (isTrouble(event)) errors.inc({ alias, kind: event.kind });
    if (event.kind !== 'shadow-checked') return;
    verdicts.inc({ alias, type: type(event.type), verdict: event.verdict });
    if (event.verdict === 'stale') staleness.inc({ alias, type: type(event.type) });
  };
}

const troubles: ReadonlySet<CacheEvent['kind']> = new Set([
  'bump-failed',
  'load-failed',
  'corrupt',
  'not-stored',
  'store-lost',
  'replay-failed',
  'fence-kept',
  'unsafe-eviction',
] as const);

function isTrouble({ kind }: CacheEvent): boolean {
  return troubles.has(kind);
}

function measureStores(stores: MeasuredStores, registry: Registry): void {
  registry.registerMetric(
    new Gauge({
      name: 'cache_store_state',
      help: '1 for the state the store is in, 0 for the others.',
      labelNames: ['alias', 'store', 'state'],
      registers: [],
      async collect() {
        for (const [alias, one] of stores) {
          const { store, state } = await one.health();
          for (const named of storeStates) this.set({ alias, store, state: named }, named === state ? 1 : 0);
        }
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'cache_open_intents',
      help: `Announced writes that have not ended, ${intentsMax} at most. Missing while the store is away.`,
      labelNames: ['alias'],
      registers: [],
      async collect() {
        for (const [alias, one] of stores) {
          const open = await one.openIntents(0, intentsMax).catch(() => undefined);
          if (open) this.set({ alias }, open.length);
          else this.remove({ alias });
        }
      },
    }),
  );
}

function measureDemotions(cache: Pick<Cache, 'stats'>, registry: Registry, aliasOf: (of: Named) => string): void {
  registry.registerMetric(
    new Gauge({
      name: 'cache_demoted',
      help: '1 for each type that is read past the cache because it showed old data.',
      labelNames: ['alias', 'type'],
      registers: [],
      collect() {
        this.reset();
        for (const type of Object.keys(cache.stats().demoted ?? {})) this.set({ alias: aliasOf({ type }), type }, 1);
      },
    }),
  );
}
