import { ensureInstalled } from './install.mjs';
import { alone } from './lock.mjs';
import { CommandFailed } from './run.mjs';

/**
 * Takes a bare clone to something that runs: packages, database client, dist/. Does only what is missing or out of date.
 * Answers false, after having said why, when it cannot be done.
 */
export async function prepare() {
  try {
    await alone(prepareStepByStep);
    return true;
  } catch (error) {
    console.error(error instanceof CommandFailed ? `\n${error.output.trim()}\n\n${error.message}` : explain(error));
    return false;
  }
}

async function prepareStepByStep() {
  const installedHash = await ensureInstalled();
  // Loaded now, because it looks for packages that the line above may just have installed.
  const { ensureBuilt, ensureGenerated } = await import('./build.mjs');
  await ensureGenerated(installedHash);
  await ensureBuilt(installedHash);
}

function explain(error) {
  const causes = {
    EACCES: 'no permission',
    EPERM: 'no permission',
    EROFS: 'the disk is read-only',
    ENOSPC: 'the disk is full',
  };
  const cause = causes[error.code];
  return cause === undefined
    ? error
    : `RunAm cannot prepare itself in this folder: ${cause}${error.path ? ` (${error.path})` : ''}.`;
}
