import { execute, parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { createMemorySchema } from './memory-schema.js';
import { readText, servePeer } from './peer.js';

/** GraphQL with nothing around it: each document is parsed and validated once, and executed for every request. */
await servePeer((order) => {
  const schema = createMemorySchema(order);
  const documents = new Map<string, DocumentNode>();
  return (request, response) => {
    answer(schema, documents, request).then(
      (body) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
          .end(body),
      (error: unknown) => response.writeHead(500, { 'content-length': 0 }).destroy(error as Error),
    );
  };
});

async function answer(
  schema: GraphQLSchema,
  documents: Map<string, DocumentNode>,
  request: Parameters<typeof readText>[0],
): Promise<string> {
  const { query, variables } = JSON.parse(await readText(request)) as Asked;
  const document = documents.get(query) ?? admit(schema, documents, query);
  return JSON.stringify(await execute({ schema, document, variableValues: variables }));
}

interface Asked {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

function admit(schema: GraphQLSchema, documents: Map<string, DocumentNode>, query: string): DocumentNode {
  const document = parse(query);
  const [fault] = validate(schema, document);
  if (fault) throw fault;
  documents.set(query, document);
  return document;
}
