import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphqlContext } from '../context.js';
import type { CacheTrace } from './cache-trace.js';

/** The `cache-control` of answers that carry an ETag. */
export const revalidated = 'private, no-cache';

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
 * Says in every HTTP answer what our cache did, one member for each cached root field, and who may keep the answer: nobody
 * between us and the client ever, because they would not hear of invalidations. The client itself may keep the answer to a
 * GET, and has to ask each time whether it is still the present one.
 */
export const cacheStatusPlugin: ApolloServerPlugin<GraphqlContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ contextValue, operation, request, response }) {
        const { body, http } = response;
        const isWhole = body.kind === 'single' && body.singleResult.errors === undefined;
        const isGet = request.http?.method === 'GET' && operation?.operation === 'query';
        http.headers.set('cache-control', isGet && isWhole && !contextValue.isTraced ? revalidated : 'no-store');
        if (contextValue.cacheTrace.length === 0) return;
        http.headers.set('cache-status', contextValue.cacheTrace.map(cacheStatusOf).join(', '));
      },
    };
  },
};
