import { buildSchema, type GraphQLSchema } from 'graphql';
import type { PeerOrder } from './peer.js';

/** RunAm's whole schema over the rows of one answer: no database, no sign-in, no checks. */
export function createMemorySchema({ sdl, body }: PeerOrder): GraphQLSchema {
  const schema = buildSchema(sdl);
  const { data } = JSON.parse(body) as { data: Readonly<Record<string, unknown>> };
  for (const [name, field] of Object.entries(schema.getQueryType()?.getFields() ?? {})) {
    field.resolve = () => data[name];
  }
  return schema;
}
