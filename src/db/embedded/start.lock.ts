import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { EmbeddedPostgresError, isFileFault } from './embedded.error.js';
import { birthOf, isAlive, poll } from './processes.js';

const waitMsMax = 120_000;

/** A claim is written right after its file is made: one that is still empty after this long has lost its writer. */
const writeMsMax = 5_000;

/**
 * Does `work` while no other process does work under the same lock file: two starts in one folder follow one another.
 * The lock of a process that has died is taken over.
 * @throws EmbeddedPostgresError when the other process holds it for more than two minutes
 */
export async function withStartLock<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  const claim = [process.pid, (await birthTag(process.pid)) ?? '', randomBytes(6).toString('hex')].join(' ');
  const taken = await poll(async () => ((await tryTake(file, claim)) ? true : undefined), { waitMsMax });
  if (!taken) {
    const holder = pidOf(await readClaim(file));
    throw new EmbeddedPostgresError(
      `Process ${holder} has been starting the database in this folder for two minutes; stop it and start again.`,
    );
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function tryTake(file: string, claim: string): Promise<boolean> {
  try {
    await writeFile(file, claim, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (!isFileFault(error, 'EEXIST')) throw error;
  }
  const standing = await readClaim(file);
  if (standing !== undefined && !(await isHeld(file, standing))) await setAside(file, standing);
  return false;
}

/** A rename moves whatever stands there, so what was moved is read again: a fresh claim goes back to its place. */
async function setAside(file: string, dead: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (isFileFault(error, 'ENOENT')) return;
    throw error;
  }
  const moved = await readFile(aside, 'utf8');
  if (moved === dead) await rm(aside, { force: true });
  else await rename(aside, file);
}

async function isHeld(file: string, claim: string): Promise<boolean> {
  const pid = pidOf(claim);
  if (pid === undefined) return Date.now() - (await stat(file)).mtimeMs < writeMsMax;
  if (!(await isAlive(pid))) return false;
  const birth = claim.split(' ')[1];
  return !birth || birth === (await birthTag(pid));
}

async function birthTag(pid: number): Promise<string | undefined> {
  return (await birthOf(pid))?.replaceAll(' ', '_');
}

async function readClaim(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isFileFault(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function pidOf(claim: string | undefined): number | undefined {
  const pid = Number(claim?.split(' ')[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}
