import './lib/node-version.mjs';

const { followNpm } = await import('./lib/follow-npm.mjs');
const { prepare } = await import('./lib/prepare.mjs');
const { rootDir } = await import('./lib/run.mjs');

// .env and relative folders are looked for here, wherever the command was given.
process.chdir(rootDir);
followNpm();
if (await prepare()) {
  process.setSourceMapsEnabled(true);
  const { config } = await import('dotenv');
  const { runRunam } = await import('../dist/runam.js');
  config({ quiet: true });
  const { stdin, stdout, stderr } = process;
  // Ended here: a connection that is still closing holds nobody up.
  process.exit(await runRunam({ args: process.argv.slice(2), env: process.env, terminal: { stdin, stdout, stderr } }));
} else {
  process.exitCode = 1;
}
