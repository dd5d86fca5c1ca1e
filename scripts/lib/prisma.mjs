import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { rootDir, runQuietly } from './run.mjs';

/**
 * Writes the database client into src/db/generated from prisma/schema.prisma, without the network: generating needs
 * WASM only, but Prisma first makes sure that a schema engine exists and would download one. Pointed at any existing
 * file it is content. Another schema, for tests, says itself where its client goes.
 */
export async function generateClient({ schemaFile } = {}) {
  const cli = join(dirname(createRequire(import.meta.url).resolve('prisma/package.json')), 'build', 'index.js');
  await runQuietly(process.execPath, [cli, 'generate', '--no-hints', ...(schemaFile ? ['--schema', schemaFile] : [])], {
    cwd: rootDir,
    env: {
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
      PRISMA_GENERATE_SKIP_AUTOINSTALL: '1',
    },
  });
}
