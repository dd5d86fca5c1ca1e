import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compilerFile, distDir } from './build.mjs';
import { rootDir } from './run.mjs';

/** Compiles on every change and restarts the server on every compilation, until a signal or the end of one of them. */
export async function develop() {
  // From now on dist/ follows the sources as they are edited: the next start builds again.
  await rm(join(distDir, '.stamp'), { force: true });
  const children = [
    ['--watch', '--watch-preserve-output', '--enable-source-maps', join(distDir, 'main.js')],
    [compilerFile(), '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'],
  ].map((args) => spawn(process.execPath, args, { cwd: rootDir, stdio: 'inherit', detached: true }));
  // Each is a group of its own, because the compiler starts a process that does not end with it.
  const endAll = () => children.forEach(endGroup);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, endAll);
  const statuses = await Promise.all(children.map((child) => ended(child, endAll)));
  return Math.max(...statuses);
}

function endGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function ended(child, endAll) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      endAll();
      resolve(code ?? 0);
    });
  });
}
