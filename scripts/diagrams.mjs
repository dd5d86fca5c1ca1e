import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runnerImport } from 'vite';
import { rootDir } from './lib/run.mjs';

const { module } = await runnerImport(join(rootDir, 'scripts', 'lib', 'transitions', 'document.ts'));
await writeFile(join(rootDir, 'docs', 'transitions.md'), await module.transitionsDocument());
