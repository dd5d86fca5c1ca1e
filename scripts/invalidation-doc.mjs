import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runnerImport } from 'vite';
import { rootDir } from './lib/run.mjs';

const { module } = await runnerImport(join(rootDir, 'scripts', 'lib', 'invalidation', 'document.ts'));
await writeFile(join(rootDir, 'docs', 'invalidation.md'), await module.invalidationDocument());
