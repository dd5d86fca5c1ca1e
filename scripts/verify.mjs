import './lib/node-version.mjs';

const { prepare } = await import('./lib/prepare.mjs');
const { rootDir, runQuietly } = await import('./lib/run.mjs');
const { step } = await import('./lib/progress.mjs');

// Regenerates every committed file that a program writes, and fails when one of them was not what the program writes.
const generated = [
  '.env.example',
  'docs/schema.graphql',
  'docs/invalidation.md',
  'docs/transitions.md',
  'test/support/generated',
];

if (!(await prepare())) process.exit(1);
const { regenerate } = await import('./lib/regenerate.mjs');
await step('Regenerating', regenerate);
const changed = (await runQuietly('git', ['status', '--porcelain', '--', ...generated], { cwd: rootDir })).trim();
if (changed) {
  console.error(`These files were not what the sources say; look at the difference and commit them:\n${changed}`);
  process.exitCode = 1;
} else {
  console.log('Every generated file is up to date.');
}
