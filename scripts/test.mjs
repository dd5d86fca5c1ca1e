import './lib/node-version.mjs';

const { followNpm } = await import('./lib/follow-npm.mjs');
const { prepare } = await import('./lib/prepare.mjs');

followNpm();
if (await prepare()) {
  const { findServices } = await import('./lib/services.mjs');
  const { runTests } = await import('./lib/run-tests.mjs');
  const args = process.argv.slice(2);
  const services = await findServices({ mayInstall: args.every((arg) => arg.startsWith('-')) });
  if (services === undefined) process.exitCode = 1;
  else process.exitCode = await runTests(args, services);
} else {
  process.exitCode = 1;
}
