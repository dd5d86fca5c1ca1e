import type { RequestListener } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { createMemorySchema } from './memory-schema.js';
import { servePeer } from './peer.js';

/** What we use of graphql-yoga, which comes with another package and may be missing. */
interface Yoga {
  createYoga(options: { schema: GraphQLSchema; logging: false; graphiql: false }): RequestListener;
}

/** GraphQL Yoga with its caches of parsed and validated documents as they are by default. */
await servePeer(async (order) => {
  const name: string = 'graphql-yoga';
  const { createYoga } = (await import(name)) as Yoga;
  return createYoga({ schema: createMemorySchema(order), logging: false, graphiql: false });
});
