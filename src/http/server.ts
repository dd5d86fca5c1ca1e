import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { addCacheRoutes } from '../admin/index.js';
import type { ContextDeps, GraphqlContext } from '../graphql/index.js';
import {
  bearerOf,
  createContextFactory,
  floorHeader,
  httpStatusOf,
  keyHeader,
  renderPlayground,
  resolveViewer,
} from '../graphql/index.js';
import { AppError, uuidv7, type Logger, type Tracing } from '../kernel/index.js';
import { addSubscriptions } from './subscriptions.js';
import type { SubscriptionsDoor } from './subscriptions.door.js';
import { keepConnections } from './closing.js';
import { withEtag } from './graphql-get.js';
import { addMetrics, type MetricsDoor } from './metrics-route.js';
import { createPage } from './page.js';
import { addRequestSpans } from './request-spans.js';
import { addWebhooks, type WebhookDoor } from './webhooks-route.js';

export interface HttpOptions {
  readonly apollo: ApolloServer<GraphqlContext>;
  readonly context: ContextDeps;
  readonly logger: Logger;
  /** Undefined: no playground. `demoPassword`: of the demo logins, where there is demo data. */
  readonly playground: { readonly demoPassword: string | undefined } | undefined;
  /** How many proxies of ours stand in front: so many steps of X-Forwarded-For are believed. */
  readonly trustProxy: number;
  /** Origins that browsers may call from; none by default. */
  readonly corsOrigins: readonly string[];
  readonly bodyLimitBytes: number;
  /** Requests a minute and client (access token, else address); 0: no limit. */
  readonly rateLimitPerMinute: number;
  /** Undefined: nothing is traced. */
  readonly tracing?: Tracing | undefined;
  /** Undefined: nothing is measured, and there is no `/metrics`. */
  readonly metrics?: MetricsDoor | undefined;
  /** Undefined: there is no `/webhooks`. */
  readonly webhooks?: WebhookDoor | undefined;
  /** Undefined: nobody can subscribe. */
  readonly subscriptions?: SubscriptionsDoor | undefined;
  /** Undefined when requests can be answered well, else what is not ready. */
  readonly readiness: () => Promise<string | undefined>;
}

const graphqlPath = '/graphql';
const preflightS = 86_400;
const exposedHeaders = ['cache-status', 'etag', 'retry-after', 'x-request-id', floorHeader];

/** The front door: GraphQL, playground and probes. The Apollo server must have been started. */
export async function createHttpServer(options: HttpOptions): Promise<FastifyInstance> {
  const { logger, trustProxy, bodyLimitBytes, corsOrigins, rateLimitPerMinute } = options;
  const app = fastify({
    trustProxy: (_address: string, hop: number) => hop < trustProxy,
    bodyLimit: bodyLimitBytes,
    genReqId: requestIdOf,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
  });
  keepConnections(app);
  if (options.tracing) addRequestSpans(app, options.tracing);
  await app.register(helmet, { contentSecurityPolicy: false, crossOriginEmbedderPolicy: false });
  if (corsOrigins.length > 0)
    await app.register(cors, { origin: [...corsOrigins], maxAge: preflightS, exposedHeaders });
  if (rateLimitPerMinute > 0) {
    const keyGenerator = createClientKey(options.context.tokens);
    await app.register(rateLimit, { max: rateLimitPerMinute, keyGenerator, errorResponseBuilder: tooMany });
  }
  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  app.setErrorHandler((error, request, reply) => answerFault(error, request, reply, logger));
  app.setNotFoundHandler((request, reply) => answerFault(notHere(request), request, reply, logger));
  addGraphql(app, options);
  addCacheAdmin(app, options);
  if (options.subscriptions) addSubscriptions(app, { ...options, ...options.subscriptions, path: graphqlPath });
  addProbes(app, options.readiness);
  if (options.webhooks) addWebhooks(app, options.webhooks);
  if (options.metrics) addMetrics(app, options.metrics);
  return app;
}

function addGraphql(app: FastifyInstance, { apollo, context, playground, tracing }: HttpOptions): void {
  const contextOf = createContextFactory(context);
  const untraced = fastifyApolloHandler(apollo, {
    context: (request) =>
      contextOf({
        authorization: request.headers.authorization,
        tenant: headerOf(request, 'x-runam-tenant'),
        requestId: request.id,
        userAgent: headerOf(request, 'user-agent'),
        cacheTrace: headerOf(request, 'x-runam-cache'),
        cacheFloor: headerOf(request, floorHeader),
        idempotencyKey: headerOf(request, keyHeader),
      }),
  });
  const answer: typeof untraced = tracing
    ? (request, reply) => tracing.span('graphql', {}, async () => untraced.call(app, request, reply))
    : untraced;
  const answerGet = withEtag(answer);
  app.post(graphqlPath, answer);
  if (!playground) {
    app.get(graphqlPath, answerGet);
    return;
  }
  const page = createPage(() => renderPlayground({ endpoint: graphqlPath, ...playground }));
  /** GraphQL clients do not ask for HTML; a shared link to the playground carries its query in the address. */
  const isBrowsing = (request: FastifyRequest): boolean => request.headers.accept?.includes('text/html') === true;
  app.get(graphqlPath, (request, reply) =>
    isBrowsing(request) ? page(request, reply) : answerGet.call(app, request, reply),
  );
  app.get('/', (_request, reply) => reply.redirect(graphqlPath));
}

/** Who asks is found out as for GraphQL, and so are the reach and the faults. */
function addCacheAdmin(app: FastifyInstance, { context }: HttpOptions): void {
  const { admin, operatorOf } = context.cacheAdmin;
  addCacheRoutes(app, {
    admin,
    async operatorOf(request) {
      const { authorization } = request.headers;
      return operatorOf(await resolveViewer(context, { authorization, tenant: headerOf(request, 'x-runam-tenant') }));
    },
  });
}

function addProbes(app: FastifyInstance, readiness: HttpOptions['readiness']): void {
  const unlimited = { config: { rateLimit: false } };
  app.get('/healthz', unlimited, () => ({ status: 'alive' }));
  app.get('/readyz', unlimited, async (_request, reply) => {
    const missing = await readiness();
    return missing === undefined ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', missing });
  });
}

function requestIdOf(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : uuidv7();
}

/** Whose requests are counted together: those of one user, however many tokens they hold, or of one address. */
function createClientKey({
  verifyAccess,
}: Pick<ContextDeps['tokens'], 'verifyAccess'>): (request: FastifyRequest) => Promise<string> {
  return async ({ headers, ip }) => {
    if (!headers.authorization) return ip;
    // A token that is no good is told so by the resolver of the viewer; here it just counts for its address.
    const identity = await verifyAccess(bearerOf(headers.authorization)).catch(() => undefined);
    return identity?.userId ?? ip;
  };
}

function notHere({ method, url }: FastifyRequest): Error {
  const error = new AppError(
    'NOT_FOUND',
    `Nothing answers ${method} ${url.slice(0, 200)}; GraphQL is at POST ${graphqlPath}.`,
  );
  return Object.assign(error, { statusCode: 404 });
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function tooMany(_request: FastifyRequest, { ttl, max }: { ttl: number; max: number }): Error {
  const seconds = Math.ceil(ttl / 1000);
  const error = new AppError('RATE_LIMITED', `More than ${max} requests in a minute; try again in ${seconds} s.`, {
    retryable: true,
  });
  return Object.assign(error, { statusCode: 429 });
}

/** Faults before GraphQL ran, in the shape GraphQL clients know. */
function answerFault(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): FastifyReply {
  const standard = error instanceof AppError ? httpStatusOf(error.code) : 500;
  const status = (error as { statusCode?: number }).statusCode ?? standard;
  if (status >= 500 && !(error instanceof AppError))
    logger.error({ err: error, requestId: request.id }, 'a request failed unexpectedly');
  const known = error instanceof AppError ? error : undefined;
  const [code, message] =
    status >= 500 && !known
      ? ['INTERNAL', 'Something went wrong on our side.']
      : [known?.code ?? 'BAD_INPUT', (error as Error).message];
  const fields = known && known.fields.length > 0 ? { fields: known.fields } : {};
  const extensions = { code, retryable: known?.retryable ?? false, requestId: request.id, ...fields };
  return reply.code(status).send({ errors: [{ message, extensions }] });
}
