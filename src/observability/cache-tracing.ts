import type { Cache, Outcome } from '../cache/index.js';
import type { SpanAttributes, Tracing } from '../kernel/index.js';

/** The cache, with a span around each read and around what writers wait for. Keys and tags stay out: they name people. */
export function tracedCache(cache: Cache, tracing: Tracing): Cache {
  const writing = <T>(what: string, tags: readonly string[], work: () => Promise<T>): Promise<T> =>
    tracing.span(`cache ${what}`, { 'cache.tags': tags.length }, work);
  return {
    ...cache,
    read: (request) =>
      tracing.span(`cache read ${request.type}`, { 'cache.type': request.type }, async (notes) => {
        const result = await cache.read(request);
        notes.note(attributesOf(result.outcome));
        return result;
      }),
    bump: (tags) => writing('bump', tags, () => cache.bump(tags)),
    begin: (token, tags) => writing('begin', tags, () => cache.begin(token, tags)),
    end: (token, outcome, tags) => writing('end', tags, () => cache.end(token, outcome, tags)),
  };
}

function attributesOf({ kind, reason, tier, layer, ageMs }: Outcome): SpanAttributes {
  return {
    'cache.kind': kind,
    'cache.tier': tier,
    'cache.age_ms': Math.round(ageMs),
    ...(reason !== undefined && { 'cache.reason': reason }),
    ...(layer !== undefined && { 'cache.layer': layer }),
  };
}
