import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphqlContext } from './context.js';
import { rootFieldOf } from './root-field.js';

/** One operation that was answered, with labels from bounded sets only. */
export interface OperationFacts {
  readonly kind: 'query' | 'mutation' | 'subscription' | 'unknown';
  /** The root field, which validation has found in the schema; 'several', or `none` when nothing could be run. */
  readonly field: string;
  readonly hasErrors: boolean;
  readonly tookMs: number;
}

export function operationPlugin(observe: (facts: OperationFacts) => void): ApolloServerPlugin<GraphqlContext> {
  return {
    async requestDidStart() {
      const startedMs = performance.now();
      return {
        async willSendResponse({ operation, errors }) {
          observe({
            // Without an operation the document was not valid, and none of its names are ours.
            kind: operation?.operation ?? 'unknown',
            field: operation ? rootFieldOf(operation) : 'none',
            hasErrors: errors !== undefined && errors.length > 0,
            tookMs: performance.now() - startedMs,
          });
        },
      };
    },
  };
}
