import './lib/node-version.mjs';

const { followNpm } = await import('./lib/follow-npm.mjs');
const { prepare } = await import('./lib/prepare.mjs');
const { rootDir } = await import('./lib/run.mjs');

process.chdir(rootDir);
followNpm();
if (await prepare()) {
  const { compileCacheCheck } = await import('../test/cache-check/compile.mjs');
  const { url, remove } = await compileCacheCheck();
  const { runCacheCheck } = await import(url);
  process.exitCode = await runCacheCheck({ args: process.argv.slice(2), rootDir, onEnd: remove });
} else {
  process.exitCode = 1;
}
