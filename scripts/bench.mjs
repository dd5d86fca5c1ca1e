import './lib/node-version.mjs';

const { followNpm } = await import('./lib/follow-npm.mjs');
const { prepare } = await import('./lib/prepare.mjs');
const { rootDir } = await import('./lib/run.mjs');

process.chdir(rootDir);
followNpm();
if (await prepare()) {
  const { compileBench } = await import('../bench/compile.mjs');
  const { runBench } = await import(await compileBench());
  process.exitCode = await runBench({ args: process.argv.slice(2), rootDir });
} else {
  process.exitCode = 1;
}
