import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingSpan, Tracing } from '../kernel/index.js';

/** A span for each request, as part of its caller's trace. To be added before any other hook. */
export function addRequestSpans(app: FastifyInstance, tracing: Tracing): void {
  const spans = new WeakMap<FastifyRequest, IncomingSpan>();
  app.addHook('onRequest', async (request) => {
    const { method, headers, routeOptions } = request;
    const route = routeOptions.url ?? 'none';
    const attributes = { 'http.request.method': method, 'http.route': route, 'runam.request_id': request.id };
    spans.set(request, tracing.incoming(headers, `${method} ${route}`, attributes));
  });
  // Not earlier: reading the body leaves the asynchronous context that `onRequest` ran in.
  app.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) span.within(done);
    else done();
  });
  app.addHook('onResponse', async (request, { statusCode }) => {
    const span = spans.get(request);
    span?.note({ 'http.response.status_code': statusCode });
    span?.end(statusCode >= 500);
  });
}
