import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CacheAdmin } from '../cache-admin.type.js';
import type { Operator } from '../operator.js';
import {
  bodyOf,
  explainBody,
  clearBody,
  keysQuery,
  queryOf,
  scopeQuery,
  typesQuery,
  warmBody,
} from './cache.inputs.js';

export interface CacheRoutesOptions {
  readonly admin: CacheAdmin;
  /** @throws AppError UNAUTHENTICATED, FORBIDDEN */
  readonly operatorOf: (request: FastifyRequest) => Promise<Operator>;
}

const prefix = '/api/cache';

/**
 * `/api/cache/*`: for admins, by bearer token alone, so that no browser can be made to call it. Answers JSON; what cannot be
 * done throws an AppError, which the server's error handler shows. An unhealthy cache is status 503 of `health`.
 */
export function addCacheRoutes(app: FastifyInstance, { admin, operatorOf }: CacheRoutesOptions): void {
  void app.register(
    async (routes) => {
      takeEmptyBodies(routes);
      routes.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
      routes.get('/stats', async (request) => admin.stats(await operatorOf(request), queryOf(request, scopeQuery)));
      routes.get('/health', async (request, reply) => {
        const report = await admin.health(await operatorOf(request), queryOf(request, scopeQuery));
        return reply.code(report.ok ? 200 : 503).send(report);
      });
      routes.get('/keys', async (request) => admin.keys(await operatorOf(request), queryOf(request, keysQuery)));
      routes.get('/advise', async (request) => admin.advise(await operatorOf(request), queryOf(request, typesQuery)));
      routes.post('/clear', async (request) => admin.clear(await operatorOf(request), bodyOf(request, clearBody)));
      routes.post('/clear_all', async (request) => admin.clearAll(await operatorOf(request)));
      for (const alias of ['reports', 'transactions'])
        routes.post(`/clear_${alias}`, async (request) => admin.clear(await operatorOf(request), { alias }));
      routes.post('/warm', async (request) => admin.warm(await operatorOf(request), bodyOf(request, warmBody)));
      routes.post('/explain', async (request) =>
        admin.explain(await operatorOf(request), bodyOf(request, explainBody)),
      );
    },
    { prefix },
  );
}

/** Many clients name JSON as their content also when they send none. */
function takeEmptyBodies(routes: FastifyInstance): void {
  const parse = routes.getDefaultJsonParser('error', 'error');
  routes.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
}
