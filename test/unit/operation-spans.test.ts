import type { GraphQLRequestContextDidResolveOperation } from '@apollo/server';
import { Kind, parse } from 'graphql';
import { expect, it } from 'vitest';
import type { GraphqlContext } from '../../src/graphql/index.js';
import { operationSpansPlugin } from '../../src/graphql/operation-spans.js';
import type { SpanAttributes, Tracing } from '../../src/kernel/index.js';

it('a span carries the beginning of a long operation name: spans wait in memory, and clients choose names', async () => {
  const noted: SpanAttributes[] = [];
  const present = () => ({ rename() {}, note: (attributes: SpanAttributes) => noted.push(attributes) });
  const plugin = operationSpansPlugin({ present } as unknown as Tracing);
  const operationName = 'A'.repeat(100_000);
  const [operation] = parse(`query ${operationName} { me { id } }`).definitions;
  const request = { operation, operationName } as unknown as GraphQLRequestContextDidResolveOperation<GraphqlContext>;
  const heard = await plugin.requestDidStart?.(request as never);
  await heard?.didResolveOperation?.(request);
  expect(operation?.kind).toBe(Kind.OPERATION_DEFINITION);
  expect(noted).toEqual([{ 'graphql.operation.type': 'query', 'graphql.operation.name': 'A'.repeat(100) }]);
});
