import type { ApolloServerPlugin } from '@apollo/server';
import type { Tracing } from '../kernel/index.js';
import type { GraphqlContext } from './context.js';
import { rootFieldOf } from './root-field.js';

/** Clients choose the name, and spans wait in memory until the collector takes them. */
const nameLengthMax = 100;

/** Gives the span that an operation runs in its name, once the document has been read. */
export function operationSpansPlugin(tracing: Tracing): ApolloServerPlugin<GraphqlContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ operation, operationName }) {
          if (!operation) return;
          const span = tracing.present();
          span?.rename(`${operation.operation} ${rootFieldOf(operation)}`);
          span?.note({
            'graphql.operation.type': operation.operation,
            ...(operationName && { 'graphql.operation.name': operationName.slice(0, nameLengthMax) }),
          });
        },
        async didEncounterErrors({ errors }) {
          tracing.present()?.note({ 'graphql.errors': errors.length });
        },
      };
    },
  };
}
