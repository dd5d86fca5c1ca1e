import type { ApolloArmor } from '@escape.tech/graphql-armor';

/**
 * What one document may ask for. Introspection passes, everything else is refused before it runs. List sizes are bounded
 * by `first`, so depth, fields and aliases bound the work of a document.
 */
export const limits: ConstructorParameters<typeof ApolloArmor>[0] = {
  maxDepth: { n: 12, flattenFragments: true },
  maxAliases: { n: 15 },
  maxDirectives: { n: 20 },
  // The parser counts them itself (`tokensMax`); this way would parse twice and answer a syntax error as status 500.
  maxTokens: { enabled: false },
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

/** Tokens of one document; the parser stops there. */
export const tokensMax = 2000;
