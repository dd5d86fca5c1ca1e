import './lib/node-version.mjs';

const { prepare } = await import('./lib/prepare.mjs');
const { followNpm } = await import('./lib/follow-npm.mjs');

followNpm();
if (await prepare()) {
  const { develop } = await import('./lib/develop.mjs');
  process.exitCode = await develop();
} else {
  process.exitCode = 1;
}
