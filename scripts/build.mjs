import './lib/node-version.mjs';

const { prepare } = await import('./lib/prepare.mjs');

if (!(await prepare())) process.exitCode = 1;
