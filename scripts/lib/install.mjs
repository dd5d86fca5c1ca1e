import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { step } from './progress.mjs';
import { CommandFailed, rootDir, runQuietly } from './run.mjs';
import { hashOf, readIfThere } from './stamp.mjs';

const stampFile = join(rootDir, 'node_modules', '.runam-installed');

/** Installs what package-lock.json says, unless it is there already. Answers a hash that stands for what is installed. */
export async function ensureInstalled() {
  const hash = await hashOf(['package-lock.json'], { texts: [process.platform, process.arch] });
  if ((await readIfThere(stampFile)) === hash) return hash;
  if (!(await isInstalled())) await step('Installing packages (npm)', install);
  await writeFile(stampFile, hash);
  return hash;
}

/** npm leaves the list of what it installed as its last act, so an installation that was cut short does not count. */
async function isInstalled() {
  const wanted = JSON.parse(await readIfThere(join(rootDir, 'package-lock.json'))).packages;
  const installedText = await readIfThere(join(rootDir, 'node_modules', '.package-lock.json'));
  if (installedText === undefined) return false;
  const installed = JSON.parse(installedText).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || (entry.optional && installed[path] === undefined && !isForHere(entry))) return true;
    return installed[path]?.version === entry.version;
  });
}

/** Whether an optional package is meant for this very machine: one made for another is rightly missing. */
function isForHere({ os, cpu, libc }) {
  const ourLibc = process.report?.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
  const fits = (wanted, ours) => wanted === undefined || wanted.includes(ours);
  return os !== undefined && fits(os, process.platform) && fits(cpu, process.arch) && fits(libc, ourLibc);
}

/** Development packages are needed to build, whatever NODE_ENV says. Nothing of ours needs an install script. */
const installOptions = [
  '--include=dev',
  '--include=optional',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
];

/**
 * `npm ci` refuses a lock file that does not list the packages of every other platform, which npm itself writes where a
 * registry lacks some of them. `npm install` takes the same locked versions and leaves the lock file as it is.
 */
async function install() {
  try {
    await runNpm(['ci', ...installOptions]);
  } catch (error) {
    if (!(error instanceof CommandFailed && error.output.includes('EUSAGE'))) throw error;
    await runNpm(['install', '--no-save', ...installOptions]);
  }
}

function runNpm(args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js') ? runQuietly(process.execPath, [cli, ...args]) : runQuietly('npm', args);
}
