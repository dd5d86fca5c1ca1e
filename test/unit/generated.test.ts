import { readFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/index.js';

it('publishes in docs/schema.graphql exactly the schema it serves (npm run verify writes it)', async () => {
  const published = readFileSync(new URL('../../docs/schema.graphql', import.meta.url), 'utf8');
  expect(`${printSchema(lexicographicSortSchema(await createSchema()))}\n`).toBe(published);
});
