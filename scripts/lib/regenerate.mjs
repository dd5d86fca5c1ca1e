import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { rootDir, runQuietly } from './run.mjs';

/** Writes .env.example, docs/schema.graphql, docs/invalidation.md, docs/transitions.md and the typed documents, in the order they depend on each other. Needs dist/. */
export async function regenerate() {
  await runNode('scripts/env-example.mjs');
  await runNode('scripts/print-schema.mjs');
  await runNode('scripts/invalidation-doc.mjs');
  await runNode('scripts/diagrams.mjs');
  const codegen = join(
    dirname(createRequire(import.meta.url).resolve('@graphql-codegen/cli/package.json')),
    'esm',
    'bin.js',
  );
  await runNode(codegen, '--config', 'codegen.yml', '--silent');
}

function runNode(...args) {
  return runQuietly(process.execPath, args, { cwd: rootDir });
}
