import './lib/node-version.mjs';

const { followNpm } = await import('./lib/follow-npm.mjs');
const { prepare } = await import('./lib/prepare.mjs');
const { rootDir } = await import('./lib/run.mjs');

process.chdir(rootDir);
followNpm();
if (await prepare()) {
  const { compileCacheCheck } = await import('../test/cache-check/compile.mjs');
  // Until the check listens for signals itself: an interruption ends in an orderly way, so that the compiled files go.
  const leave = () => process.exit(1);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, leave);
  const { url, remove } = await compileCacheCheck();
  const { runCacheCheck } = await import(url);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, leave);
  process.exitCode = await runCacheCheck({ args: process.argv.slice(2), rootDir, onEnd: remove });
} else {
  process.exitCode = 1;
}
