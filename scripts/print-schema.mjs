import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootDir } from './lib/run.mjs';

// Writes docs/schema.graphql from the built schema, sorted so that the order of resolvers does not show.
const { createSchema } = await import('../dist/graphql/index.js');
const { lexicographicSortSchema, printSchema } = await import('graphql');
const sdl = printSchema(lexicographicSortSchema(await createSchema()));
await writeFile(join(rootDir, 'docs', 'schema.graphql'), `${sdl}\n`);
