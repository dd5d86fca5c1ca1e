import './lib/node-version.mjs';

const { prepare } = await import('./lib/prepare.mjs');

if (await prepare()) {
  // In this process, so that Ctrl-C and signals reach the server itself.
  process.setSourceMapsEnabled(true);
  await import('../dist/main.js');
} else {
  process.exitCode = 1;
}
