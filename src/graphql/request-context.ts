import { AppError } from '../kernel/index.js';
import type { CacheOperating } from './cache-admin/cache-operating.js';
import type { GraphqlContext } from './context.js';
import { toDefect, toRequestError } from './errors.js';
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
}

/** Makes each request's context. A bad token fails the whole request with its HTTP status, it never counts as anonymous. */
export function createContextFactory(deps: ContextDeps): (request: RequestFacts) => Promise<GraphqlContext> {
  const { cacheAdmin, caching, services } = deps;
  return async (request) => {
    const viewer = await resolveViewer(deps, request).catch((error: unknown) => {
      throw error instanceof AppError ? toRequestError(error) : toDefect(error, request.requestId);
    });
    return {
      viewer,
      services,
      caching,
      cacheAdmin,
      requestId: request.requestId,
      userAgent: request.userAgent,
      loaders: createLoaders(services, viewer.tenantId),
      cacheTrace: [],
    };
  };
}
