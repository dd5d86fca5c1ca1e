import './lib/node-version.mjs';

const { followNpm } = await import('./lib/follow-npm.mjs');
const { prepare } = await import('./lib/prepare.mjs');

followNpm();
if (await prepare()) {
  // In this process, so that Ctrl-C and signals reach the server itself.
  process.setSourceMapsEnabled(true);
  await import('../dist/main.js');
} else {
  process.exitCode = 1;
}
