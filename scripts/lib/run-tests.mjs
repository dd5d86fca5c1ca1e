import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { rootDir } from './run.mjs';
import { readIfThere } from './stamp.mjs';

const databaseStopMsMax = 15_000;

/**
 * Runs vitest, then says how many tests passed on a line of its own. Answers the exit status. The tests get a temp folder
 * of their own, which goes with the run, also when they were interrupted.
 */
export async function runTests(args, services) {
  const runDir = await mkdtemp(join(tmpdir(), 'runam-tests-'));
  const reportFile = join(runDir, 'report.json');
  try {
    // Passable: started by root, PostgreSQL runs as another user and has its rows in here.
    await chmod(runDir, 0o755);
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
    const status = await runVitest(['run', ...reporters, ...args], { ...services.env, TMPDIR: runDir });
    const report = await readIfThere(reportFile);
    if (report === undefined) console.error('The test run ended before it could count its tests.');
    else console.log(`\n${summaryOf(JSON.parse(report), status)}`);
    return status;
  } finally {
    await services.release();
    await databasesStopped(runDir);
    // Retried: a test that was interrupted may still be writing.
    await rm(runDir, { recursive: true, force: true, maxRetries: 30, retryDelay: 100 });
  }
}

/** After an interruption, the databases of the tests are still being stopped by those who watch over them. */
async function databasesStopped(runDir) {
  const deadlineMs = performance.now() + databaseStopMsMax;
  while (performance.now() < deadlineMs && (await hasDatabaseIn(runDir))) await setTimeout(100);
}

async function hasDatabaseIn(folder) {
  try {
    return (await readdir(folder, { recursive: true })).some((file) => file.endsWith('postmaster.pid'));
  } catch (error) {
    // A folder went away while it was being read: somebody is still at work.
    if (error.code === 'ENOENT') return true;
    throw error;
  }
}

/** Ctrl-C reaches vitest by itself, which then takes down what it started: this process waits for it. */
function runVitest(args, env) {
  const cli = join(rootDir, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: rootDir,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const wait = () => undefined;
  const forward = (signal) => child.kill(signal);
  process.on('SIGINT', wait);
  process.on('SIGTERM', forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('SIGINT', wait);
      process.off('SIGTERM', forward);
      resolve(code ?? 1);
    });
  });
}

/**
 * A file that failed without a failed test (it could not be loaded, a hook failed) counts as one failure, and so does a
 * run that failed outside all tests (an unhandled rejection, no test found).
 */
function summaryOf({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults }, status) {
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const failed = Math.max(numFailedTests + brokenFiles, status === 0 ? 0 : 1);
  const skipped = numPendingTests + numTodoTests;
  const counts = [`${numPassedTests} passed`, `${failed} failed`];
  if (skipped > 0) counts.push(`${skipped} skipped`);
  return counts.join(', ');
}
