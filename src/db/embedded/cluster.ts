import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgresError, isFileFault } from './embedded.error.js';
import { cleanEnv, type Identity } from './identity.js';
import type { Place } from './place.js';

const execFileAsync = promisify(execFile);

/** The one user of the cluster, and its superuser. */
export const clusterUser = 'runam';

/** @throws EmbeddedPostgresError when the cluster was made by another major version of PostgreSQL */
export async function hasCluster({ clusterDir, majorVersion }: Place): Promise<boolean> {
  const version = await readClusterVersion(clusterDir);
  if (version === undefined) return false;
  if (version === majorVersion) return true;
  throw new EmbeddedPostgresError(
    `The database in ${clusterDir} was made by PostgreSQL ${version}, this RunAm brings PostgreSQL ${majorVersion}; dump it with the RunAm that made it, or set RUNAM_DATA_DIR to a new folder.`,
  );
}

/**
 * Makes an empty cluster: UTF-8, the C.UTF-8 ordering that is the same on every system, UTC. It gets its name only when
 * it is whole, so a first start that was cut short leaves nothing that a later one trips over.
 */
export async function createCluster(
  place: Place,
  password: string,
  { isTemporary }: { readonly isTemporary: boolean },
): Promise<void> {
  const unfinished = `${place.clusterDir}.new`;
  const passwordFile = `${place.clusterDir}.password`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await giveTo(place.identity, unfinished);
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    await giveTo(place.identity, passwordFile);
    await runInitdb(place, unfinished, passwordFile, isTemporary ? ['--no-sync'] : []);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(unfinished, place.clusterDir);
}

/** The cluster's password, made on the first start and kept for the owner's eyes only. */
export async function ensurePassword(file: string, clusterExists: boolean): Promise<string> {
  try {
    const kept = (await readFile(file, 'utf8')).trim();
    if (kept !== '' || clusterExists) return kept;
  } catch (error) {
    if (!isFileFault(error, 'ENOENT')) throw error;
  }
  if (clusterExists) {
    throw new EmbeddedPostgresError(
      `The password of the embedded database is missing (${file}); put it back, or remove the folder to start with an empty database.`,
    );
  }
  const password = randomBytes(24).toString('base64url');
  // Under its name only when it is whole: half a password would keep every later start out.
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, password, { mode: 0o600 });
  await chmod(unfinished, 0o600);
  await rename(unfinished, file);
  return password;
}

async function runInitdb(place: Place, folder: string, passwordFile: string, more: readonly string[]): Promise<void> {
  const program = join(place.binaries.nativeDir, 'bin', 'initdb');
  const args = [
    `--pgdata=${folder}`,
    `--username=${clusterUser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...more,
  ];
  try {
    await execFileAsync(program, args, { cwd: '/', env: cleanEnv(), ...place.identity });
  } catch (error) {
    throw new EmbeddedPostgresError(`The embedded database could not be made in ${folder}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
  if (/No space left/i.test(stderr)) return 'the disk is full.';
  if (/could not look up effective user/i.test(stderr)) {
    return `user id ${process.getuid?.()} has no name on this system (no line in /etc/passwd), which PostgreSQL asks for; set DATABASE_URL.`;
  }
  const said = stderr.split('\n').find((line) => /\b(error|fatal|panic):/i.test(line));
  return said ?? (stderr.trim() || String(error));
}

async function readClusterVersion(clusterDir: string): Promise<number | undefined> {
  try {
    return Number(await readFile(join(clusterDir, 'PG_VERSION'), 'utf8'));
  } catch (error) {
    if (isFileFault(error, 'ENOENT')) return undefined;
    if (isFileFault(error, 'EACCES')) {
      throw new EmbeddedPostgresError(
        `The database in ${clusterDir} belongs to another user (it may have been started as root before); start as that user, or set RUNAM_DATA_DIR to a new folder.`,
        { cause: error },
      );
    }
    throw error;
  }
}

async function giveTo({ uid, gid }: Identity, path: string): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}
