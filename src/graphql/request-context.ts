import type { Outcome } from '../cache/index.js';
import { AppError } from '../kernel/index.js';
import type { CacheOperating } from './cache-admin/cache-operating.js';
import { wantsTrace } from './caching/cache-extension.js';
import { parseFloor } from './caching/floor.js';
import type { GraphqlContext } from './context.js';
import { toDefect, toRequestError } from './errors.js';
import { parseKeyHeader } from './idempotency/key-header.js';
import { createLoaders } from './loaders.js';
import { resolveViewer, type Credentials, type ViewerDeps } from './viewer.js';
import type { Services } from './services.js';

export interface ContextDeps extends ViewerDeps {
  readonly services: Services;
  readonly cacheAdmin: CacheOperating;
}

export interface RequestFacts extends Credentials {
  readonly requestId: string;
  readonly userAgent: string | undefined;
  /** The `X-RunAm-Cache` header. */
  readonly cacheTrace: string | undefined;
  /** The `X-RunAm-Cache-Floor` header. */
  readonly cacheFloor: string | undefined;
  /** The `Idempotency-Key` header. */
  readonly idempotencyKey: string | undefined;
}

/**
 * Makes each request's context. A bad token, or a bad header of ours, fails the whole request with its HTTP status; it never
 * counts as anonymous, or as not sent.
 */
export function createContextFactory(deps: ContextDeps): (request: RequestFacts) => Promise<GraphqlContext> {
  return async (request) => {
    try {
      return await contextOf(deps, request);
    } catch (error) {
      throw error instanceof AppError ? toRequestError(error) : toDefect(error, request.requestId);
    }
  };
}

async function contextOf(deps: ContextDeps, request: RequestFacts): Promise<GraphqlContext> {
  const { cacheAdmin, caching, services } = deps;
  const isTraced = wantsTrace(request.cacheTrace);
  const floor = request.cacheFloor === undefined ? undefined : parseFloor(request.cacheFloor);
  const idempotencyKey = request.idempotencyKey === undefined ? undefined : parseKeyHeader(request.idempotencyKey);
  const viewerReads: Outcome[] = [];
  const viewer = await resolveViewer(deps, request, { floor, seen: (outcome) => viewerReads.push(outcome) });
  return {
    viewer,
    services,
    caching,
    cacheAdmin,
    requestId: request.requestId,
    userAgent: request.userAgent,
    loaders: createLoaders(services, viewer),
    cacheTrace: [],
    viewerReads,
    isTraced,
    floor,
    idempotencyKey,
  };
}
