import './lib/node-version.mjs';

const { prepare } = await import('./lib/prepare.mjs');
const { runShown } = await import('./lib/run.mjs');

// Everything that must hold before a change is handed in: types, style, dead code, then every test.
process.exitCode = 1;
if ((await prepare()) && (await runShown('npm', ['run', '--silent', 'check'])) === 0) {
  process.exitCode = await runShown('npm', ['test', '--silent']);
}
