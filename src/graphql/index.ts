export { createApollo, type ApolloOptions } from './server.js';
export { createContextFactory, type ContextDeps } from './request-context.js';
export { createSchema } from './schema.js';
export { bearerOf } from './viewer.js';
export { playgroundExamples, renderPlayground } from './playground/index.js';
export type { Caching, GraphqlContext } from './context.js';
export type { Services } from './services.js';
export type { TtlPolicy, TypePolicy } from './caching/ttl-policy.js';
