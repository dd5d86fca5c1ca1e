import './lib/node-version.mjs';
import { execFileSync } from 'node:child_process';
import { rootDir } from './lib/run.mjs';
import { prepare } from './lib/prepare.mjs';
import { step } from './lib/progress.mjs';

// Regenerates every committed file that a program writes, and fails when one of them was not what the program writes.
const generated = ['.env.example', 'docs/schema.graphql', 'test/support/generated'];

if (!(await prepare())) process.exit(1);
const { regenerate } = await import('./lib/regenerate.mjs');
await step('Regenerating', regenerate);
const changed = execFileSync('git', ['status', '--porcelain', '--', ...generated], { cwd: rootDir, encoding: 'utf8' }).trim();
if (changed) {
  console.error(`These files are not what the sources say; look at the difference and commit them:\n${changed}`);
  process.exit(1);
}
console.log('Every generated file is up to date.');
