import './lib/node-version.mjs';

const { followNpm } = await import('./lib/follow-npm.mjs');
const { prepare } = await import('./lib/prepare.mjs');
const { rootDir } = await import('./lib/run.mjs');

process.chdir(rootDir);
followNpm();
if (await prepare()) {
  const { compileProgram } = await import('../test/support/compile.mjs');
  // Until the simulation listens for signals itself: an interruption ends in an orderly way, so that the compiled files go.
  const leave = () => process.exit(1);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, leave);
  const { url, remove } = await compileProgram({ name: 'sim', entry: 'sim' });
  const { runSim } = await import(url);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, leave);
  process.exitCode = await runSim({ args: process.argv.slice(2), rootDir, onEnd: remove });
} else {
  process.exitCode = 1;
}
