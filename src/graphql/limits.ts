import type { ApolloArmor } from '@escape.tech/graphql-armor';

/**
 * What one document may ask for. Introspection passes, everything else is refused before it runs. List sizes are bounded
 * by `first`, so depth, fields and aliases bound the work of a document.
 */
export const limits: ConstructorParameters<typeof ApolloArmor>[0] = {
  maxDepth: { n: 12, flattenFragments: true },
  maxAliases: { n: 15 },
  maxDirectives: { n: 20 },
  maxTokens: { n: 2000 },
  // A page of 100 errands with everything on it costs about 25,000.
  costLimit: {
    maxCost: 50_000,
    objectCost: 2,
    scalarCost: 1,
    depthCostFactor: 1.5,
    flattenFragments: true,
    ignoreIntrospection: true,
  },
  blockFieldSuggestion: { enabled: false },
};
