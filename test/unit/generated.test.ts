import { readFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { expect, it } from 'vitest';
import { invalidationDocument } from '../../scripts/lib/invalidation/document.js';
import { transitionsDocument } from '../../scripts/lib/transitions/document.js';
import { createSchema } from '../../src/graphql/index.js';

it('publishes in docs/schema.graphql exactly the schema it serves (npm run verify writes it)', async () => {
  const published = readFileSync(new URL('../../docs/schema.graphql', import.meta.url), 'utf8');
  expect(`${printSchema(lexicographicSortSchema(await createSchema()))}\n`).toBe(published);
});

it('publishes in docs/transitions.md exactly what the tables of transitions say (npm run verify writes it)', async () => {
  const published = readFileSync(new URL('../../docs/transitions.md', import.meta.url), 'utf8');
  expect(await transitionsDocument()).toBe(published);
});

it('publishes in docs/invalidation.md exactly what the schema and the maps say (npm run verify writes it)', async () => {
  const published = readFileSync(new URL('../../docs/invalidation.md', import.meta.url), 'utf8');
  expect(await invalidationDocument()).toBe(published);
});
