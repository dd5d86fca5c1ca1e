import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { revalidated } from '../graphql/index.js';
import { etagOf, matchesAny } from './etag.js';

/** What an answer depends on beside its address. */
const varies = ['accept', 'authorization', 'x-runam-tenant'];

/**
 * Answers GET with an ETag of the content, and with 304 when the client has that very content. The answer is always
 * computed first, within the guarantees of the cache, so a 304 is never older than a 200 would have been.
 */
export function withEtag(answer: RouteHandlerMethod): RouteHandlerMethod {
  return async function answerGet(request: FastifyRequest, reply: FastifyReply) {
    const body: unknown = await answer.call(this, request, reply);
    if (typeof body !== 'string' || reply.getHeader('cache-control') !== revalidated) return body;
    const etag = etagOf(String(reply.getHeader('content-type')), body);
    void reply.header('etag', etag).header('vary', mergedVary(reply.getHeader('vary')));
    if (!matchesAny(request.headers['if-none-match'], etag)) return body;
    return reply.removeHeader('content-type').code(304).send();
  };
}

/** CORS has its own say in `vary`. */
function mergedVary(present: ReturnType<FastifyReply['getHeader']>): string {
  const named = String(present ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  return [...new Set([...named.filter(Boolean), ...varies])].join(', ');
}
