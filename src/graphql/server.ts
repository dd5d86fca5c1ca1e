import { ApolloServer, type ApolloServerPlugin, type BaseContext } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloArmor } from '@escape.tech/graphql-armor';
import type { GraphQLSchema } from 'graphql';
import type { Logger, Tracing } from '../kernel/index.js';
import { cacheExtensionPlugin } from './caching/cache-extension.js';
import { cacheStatusPlugin } from './caching/cache-status.js';
import type { GraphqlContext } from './context.js';
import { defectPlugin, formatError } from './errors.js';
import { operationSpansPlugin } from './operation-spans.js';
import { operationPlugin, type OperationFacts } from './operation-metrics.js';
import { limits, tokensMax } from './limits.js';

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  readonly introspection: boolean;
  /** Default: nothing is traced. */
  readonly tracing?: Tracing | undefined;
  /** Hears of every operation that was answered. Default: nobody does. */
  readonly onOperation?: ((facts: OperationFacts) => void) | undefined;
}

/** Apollo with our limits, error presentation and cache header. Starting and serving it is the HTTP door's. */
export function createApollo({
  schema,
  logger,
  introspection,
  tracing,
  onOperation,
}: ApolloOptions): ApolloServer<GraphqlContext> {
  const armor = new ApolloArmor(limits).protect();
  return new ApolloServer<GraphqlContext>({
    schema,
    introspection,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: tokensMax },
    validationRules: armor.validationRules,
    formatError,
    plugins: [
      ...(armor.plugins as unknown as ApolloServerPlugin<BaseContext>[]),
      ApolloServerPluginLandingPageDisabled(),
      // It would watch every field of every answer, to compute a header that for us is always the same.
      ApolloServerPluginCacheControlDisabled(),
      cacheStatusPlugin,
      cacheExtensionPlugin,
      ...(tracing ? [operationSpansPlugin(tracing)] : []),
      ...(onOperation ? [operationPlugin(onOperation)] : []),
      defectPlugin(logger),
    ],
    logger: {
      debug: (message) => logger.debug({}, String(message)),
      info: (message) => logger.info({}, String(message)),
      warn: (message) => logger.warn({}, String(message)),
      error: (message) => logger.error({}, String(message)),
    },
  });
}
