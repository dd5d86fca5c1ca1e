import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runnerImport } from 'vite';
import { rootDir } from './lib/run.mjs';

const { module } = await runnerImport(join(rootDir, 'src', 'config', 'index.ts'));
await writeFile(join(rootDir, '.env.example'), module.envExample());
console.log('.env.example written.');
