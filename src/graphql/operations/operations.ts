import type { GraphQLSchema } from 'graphql';
import type { CacheAdminDeps } from '../../admin/index.js';
import type { ContextDeps } from '../request-context.js';
import { askerOf, contextFor } from './asking.js';
import { explainQuery } from './explain.js';
import { warmSteps } from './warm.js';

export interface OperationsOptions {
  readonly schema: GraphQLSchema;
  /** Asked for at every call: what operates the cache is part of every context, and is itself made of these operations. */
  readonly context: () => ContextDeps;
}

/** GraphQL queries that come from inside the house: explained, or run to warm the cache. */
export function createOperations({ schema, context }: OperationsOptions): Pick<CacheAdminDeps, 'explain' | 'warmers'> {
  return {
    async explain(input, asking) {
      const deps = context();
      return explainQuery(schema, input, contextFor(deps, await askerOf(deps, asking)));
    },
    async warmers(tenant) {
      const deps = context();
      const markets = await deps.services.tenants.all();
      const wanted = markets.filter(({ id }) => tenant === undefined || id === tenant);
      return warmSteps(schema, deps, wanted);
    },
  };
}
