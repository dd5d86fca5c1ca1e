import { timingSafeEqual, createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../kernel/index.js';

export interface MetricsDoor {
  readonly contentType: string;
  render(): Promise<string>;
  /** @param route the route's pattern, or `none` */
  request(facts: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly tookMs: number;
  }): void;
  /** What a scraper sends as bearer token; undefined: anybody may look. */
  readonly token: string | undefined;
}

/** Serves `/metrics` and times every other request. */
export function addMetrics(app: FastifyInstance, metrics: MetricsDoor): void {
  const { token, contentType } = metrics;
  app.get('/metrics', { config: { rateLimit: false } }, async ({ headers }, reply) => {
    if (token !== undefined && !isSame(headers.authorization, `Bearer ${token}`)) {
      void reply.header('www-authenticate', 'Bearer');
      const error = new AppError('UNAUTHENTICATED', 'Metrics take the header "Authorization: Bearer <METRICS_TOKEN>".');
      throw Object.assign(error, { statusCode: 401 });
    }
    return reply
      .header('cache-control', 'no-store')
      .type(contentType)
      .send(await metrics.render());
  });
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
    const route = routeOptions.url ?? 'none';
    if (route !== '/metrics') metrics.request({ method, route, status: statusCode, tookMs: elapsedTime });
  });
}

/** In a time that does not tell how much of it was right. */
function isSame(given: string | undefined, wanted: string): boolean {
  return timingSafeEqual(digest(given ?? ''), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
