import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphqlContext } from '../context.js';
import type { CacheTrace } from './cache-trace.js';

/** One member of a Cache-Status header (RFC 9211, section 2): `RunAm; hit; ttl=58; detail=errands`. */
export function cacheStatusOf({ field, outcome }: CacheTrace): string {
  const detail = outcome.kind === 'bypass' && outcome.reason ? `"${field}: ${outcome.reason}"` : field;
  switch (outcome.kind) {
    case 'hit':
      return `RunAm; hit; ttl=${Math.max(0, Math.floor(outcome.ttlMs / 1000))}; detail=${detail}`;
    case 'miss':
      return `RunAm; fwd=miss; detail=${detail}`;
    case 'join':
      return `RunAm; fwd=miss; collapsed; detail=${detail}`;
    case 'bypass':
      return `RunAm; fwd=bypass; detail=${detail}`;
  }
}

/**
 * Says in every HTTP answer what our cache did, one member for each cached root field, and that nobody between us and the
 * client may keep it: they would not hear of invalidations.
 */
export const cacheStatusPlugin: ApolloServerPlugin<GraphqlContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ contextValue, response }) {
        response.http.headers.set('cache-control', 'no-store');
        if (contextValue.cacheTrace.length === 0) return;
        response.http.headers.set('cache-status', contextValue.cacheTrace.map(cacheStatusOf).join(', '));
      },
    };
  },
};
