import type { ApolloServerPlugin } from '@apollo/server';
import { Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import type { GraphqlContext } from './context.js';

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

function rootFieldOf({ selectionSet }: OperationDefinitionNode): string {
  const names = new Set(namesIn(selectionSet));
  const [only] = names;
  return names.size === 1 && only !== undefined ? only : 'several';
}

function namesIn({ selections }: SelectionSetNode): readonly string[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value;
    return selection.kind === Kind.INLINE_FRAGMENT ? namesIn(selection.selectionSet) : 'several';
  });
}
