import { execute, parse, type GraphQLSchema } from 'graphql';
import type { WarmStep } from '../../admin/index.js';
import type { CacheType } from '../../invalidation/index.js';
import type { ContextDeps } from '../request-context.js';
import { contextFor, visitorOf } from './asking.js';

/** What visitors ask first. `perMarket`: once in each; else once for all of them. */
interface WarmQuery {
  readonly name: string;
  readonly type: CacheType;
  readonly perMarket: boolean;
  readonly query: string;
}

/** Of what is shared: an entry of one viewer alone is not worth loading before that viewer comes. */
const queries: readonly WarmQuery[] = [
  { name: 'errands', type: 'ERRAND_LIST', perMarket: true, query: '{ errands { edges { cursor } } }' },
  {
    name: 'open errands',
    type: 'ERRAND_LIST',
    perMarket: true,
    query: '{ errands(filter: { states: [OPEN] }) { edges { cursor } } }',
  },
  ...['NG', 'GH', 'KE', 'ZA'].map((country) => ({
    name: `banks of ${country}`,
    type: 'BANKS_LIST' as const,
    perMarket: false,
    query: `{ banks(country: "${country}") { id } }`,
  })),
];

/** The market of a request is looked up before any field runs, and is an entry, too. */
const tenantType: CacheType = 'TENANT';

export interface MarketName {
  readonly id: string;
  readonly slug: string;
}

/**
 * Every entry that is worth having before somebody asks: real queries of a visitor, so that keys, tags, guarantees and
 * times to live are those of real reads by construction.
 */
export function warmSteps(
  schema: GraphQLSchema,
  deps: ContextDeps,
  markets: readonly MarketName[],
): readonly WarmStep[] {
  const [first] = markets;
  const perMarket = queries.filter((query) => query.perMarket);
  const once = queries.filter((query) => !query.perMarket);
  return [
    ...markets.map(({ slug }) => marketStep(deps, slug)),
    ...markets.flatMap(({ slug }) => perMarket.map((query) => queryStep(schema, deps, slug, query, ` in ${slug}`))),
    ...(first ? once.map((query) => queryStep(schema, deps, first.slug, query, '')) : []),
  ];
}

function marketStep(deps: ContextDeps, slug: string): WarmStep {
  return {
    name: `the market ${slug}`,
    type: tenantType,
    async run() {
      let kind: Awaited<ReturnType<WarmStep['run']>> = 'bypass';
      const cache = deps.caching.cache;
      const read: typeof cache.read = async (request) => {
        const result = await cache.read(request);
        kind = result.outcome.kind;
        return result;
      };
      await visitorOf({ ...deps, caching: { ...deps.caching, cache: { ...cache, read } } }, slug);
      return kind;
    },
  };
}

function queryStep(
  schema: GraphQLSchema,
  deps: ContextDeps,
  slug: string,
  { name, type, query }: WarmQuery,
  where: string,
): WarmStep {
  return {
    name: `${name}${where}`,
    type,
    async run() {
      const contextValue = contextFor(deps, await visitorOf(deps, slug));
      const { errors } = await execute({ schema, document: parse(query), contextValue });
      const [fault] = errors ?? [];
      if (fault) throw fault.originalError ?? fault;
      return contextValue.cacheTrace[0]?.outcome.kind ?? 'bypass';
    },
  };
}
