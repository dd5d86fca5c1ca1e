import type { Cache, CacheEvent } from '../cache/index.js';
import type { Logger } from '../kernel/index.js';

/** Writes what the cache does into the log: reads at DEBUG, invalidations and recoveries at INFO, trouble at WARNING. */
export function logCacheEvents(cache: Pick<Cache, 'on'>, logger: Logger): void {
  cache.on((event) => write(event, logger));
}

function write(event: CacheEvent, logger: Logger): void {
  switch (event.kind) {
    case 'read': {
      const { kind, reason, type, key, ageMs, ttlMs, tookMs } = event.outcome;
      return logger.debug({ type, key, reason, ageMs, ttlMs, tookMs: tenths(tookMs) }, `cache ${kind}`);
    }
    case 'bump':
      // Bulk writes (an import, the demo) would drown everything else.
      return logger[event.tags.length > tagsShownMax ? 'debug' : 'info'](
        { ...named(event.tags), tookMs: tenths(event.tookMs) },
        'cache invalidated',
      );
    case 'bump-failed':
      return logger.debug({ ...named(event.tags), err: event.error }, 'cache invalidation put off');
    case 'load-failed':
      return logger.debug({ type: event.type, key: event.key, err: event.error }, 'cache load failed');
    case 'corrupt':
      return logger.warn(
        { type: event.type, key: event.key },
        `cache entry not readable, loaded anew: ${event.detail}`,
      );
    case 'not-stored':
      return logger.warn({ type: event.type, key: event.key }, `answer not cached (${event.why}): ${event.detail}`);
    case 'stored':
      return logger.debug({ type: event.type, key: event.key, length: event.length }, 'cache filled');
    case 'shadow-checked':
      return logger[event.verdict === 'stale' ? 'warn' : 'debug'](
        { type: event.type, key: event.key, verdict: event.verdict },
        event.verdict === 'stale'
          ? 'a cached answer was older than its guarantee: some write of its rows was never told to the cache'
          : 'cache hit verified',
      );
    case 'demoted':
      return logger.warn(
        { type: event.type, key: event.key, forMs: event.forMs },
        `${event.type} is read past the cache for a while, because its cache showed old data`,
      );
    case 'store-lost':
      return logger.warn({ err: event.error }, 'Redis is away: every read goes to the database until it is back');
    case 'store-recovered':
      return logger.info({ downMs: Math.round(event.downMs) }, 'Redis is back: the cache answers again');
    case 'new-generation':
      return logger.info(
        { holdMs: event.holdMs, reason: event.reason },
        'the cache starts empty: nothing older is shown any more',
      );
    case 'replay-failed':
      return logger.warn(
        { err: event.error },
        'invalidations put off cannot be caught up yet; the cache waits for them',
      );
    case 'fence-kept':
      return logger.warn(
        { err: event.error },
        'cannot see yet whether the writes from before the loss have ended; the cache waits for them',
      );
    case 'unsafe-eviction':
      return logger.warn(
        { policy: event.policy },
        'Redis may evict invalidation records (maxmemory-policy); set noeviction or a volatile-* policy: until then strict types are not cached, and of others old data may be shown',
      );
  }
}

const tagsShownMax = 12;

/** A bulk write spoils thousands of tags; the line names the first few and counts the rest. */
function named(tags: readonly string[]): { readonly tags: readonly string[]; readonly more?: number } {
  if (tags.length <= tagsShownMax) return { tags };
  return { tags: tags.slice(0, tagsShownMax), more: tags.length - tagsShownMax };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
