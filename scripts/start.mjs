import './lib/node-version.mjs';

const { followNpm } = await import('./lib/follow-npm.mjs');
const { prepare } = await import('./lib/prepare.mjs');
const { rootDir } = await import('./lib/run.mjs');

// .env and relative folders are looked for here, wherever the command was given.
process.chdir(rootDir);
followNpm();
if (await prepare()) {
  // In this process, so that Ctrl-C and signals reach the server itself.
  process.setSourceMapsEnabled(true);
  await import('../dist/main.js');
} else {
  process.exitCode = 1;
}
