import {
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { collectFields } from 'graphql/execution/collectFields.js';
import {
  buildExecutionContext,
  buildResolveInfo,
  getFieldDef,
  type ExecutionContext,
} from 'graphql/execution/execute.js';
import { getArgumentValues } from 'graphql/execution/values.js';
import type { FieldExplanation } from '../../admin/index.js';
import type { Explanation } from '../../cache/index.js';
import { AppError, badInput } from '../../kernel/index.js';
import type { GraphqlContext } from '../context.js';
import { tokensMax } from '../limits.js';

export interface Explainable {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly operationName?: string | undefined;
}

/** Of one explanation: each costs about what a read does. */
const fieldsMax = 20;

/**
 * What the cache would do for each field at the top of a query operation. Rights and arguments are checked as when it runs;
 * then cached fields hand over what they would read, and nothing else runs: no load, no field that is never cached.
 * @throws AppError BAD_INPUT when it is no valid query
 */
export async function explainQuery(
  schema: GraphQLSchema,
  { query, variables, operationName }: Explainable,
  context: Omit<GraphqlContext, 'explain'>,
): Promise<readonly FieldExplanation[]> {
  const execution = prepare(schema, parsed(schema, query), variables, operationName);
  const { operation, fragments, variableValues } = execution;
  const queryType = schema.getQueryType();
  if (operation.operation !== 'query' || !queryType)
    throw badInput('query', `holds a ${operation.operation}; takes a query`);
  const fields = [...collectFields(schema, fragments, variableValues, queryType, operation.selectionSet)];
  if (fields.length > fieldsMax) throw badInput('query', `asks for more than ${fieldsMax} fields at its top`);
  return Promise.all(fields.map(([path, nodes]) => explainField(execution, queryType, path, nodes, context)));
}

function parsed(schema: GraphQLSchema, query: string): DocumentNode {
  let document: DocumentNode;
  try {
    document = parse(query, { maxTokens: tokensMax });
  } catch (error) {
    throw badInput('query', error instanceof Error ? error.message : String(error));
  }
  const [fault] = validate(schema, document, specifiedRules, { maxErrors: 1 });
  if (fault) throw badInput('query', fault.message);
  return document;
}

function prepare(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Explainable['variables'],
  operationName: string | undefined,
): ExecutionContext {
  const prepared = buildExecutionContext({ schema, document, variableValues: variables, operationName });
  if ('schema' in prepared) return prepared;
  throw badInput('variables', prepared.map(({ message }) => message).join(' '));
}

type Fields = ReturnType<typeof collectFields> extends Map<string, infer Nodes> ? Nodes : never;

async function explainField(
  execution: ExecutionContext,
  queryType: GraphQLObjectType,
  path: string,
  nodes: Fields,
  context: Omit<GraphqlContext, 'explain'>,
): Promise<FieldExplanation> {
  const [node] = nodes;
  const definition = node && getFieldDef(execution.schema, queryType, node);
  if (!node || !definition) throw new Error(`validation let an unknown field pass: ${path}`);
  const field = definition.name;
  if (definition.extensions['cacheType'] === undefined || !definition.resolve) return { path, field };
  let explanation: Explanation | undefined;
  const explain: NonNullable<GraphqlContext['explain']> = async (request) => {
    explanation = await context.caching.cache.explain(request);
    return undefined;
  };
  const info = buildResolveInfo(execution, definition, nodes, queryType, {
    prev: undefined,
    key: path,
    typename: queryType.name,
  });
  try {
    const args = getArgumentValues(definition, node, execution.variableValues);
    await definition.resolve(undefined, args, { ...context, explain }, info);
  } catch (error) {
    // An argument that only the variables make wrong, such as null for what must be given.
    if (error instanceof GraphQLError) return { path, field, error: { code: 'BAD_INPUT', message: error.message } };
    if (!(error instanceof AppError)) throw error;
    return { path, field, error: { code: error.code, message: error.message } };
  }
  return { path, field, ...(explanation && { explanation }) };
}
