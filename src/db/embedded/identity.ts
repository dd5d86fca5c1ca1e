import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbeddedPostgresError, isFileFault } from './embedded.error.js';

/** As whom the server runs; empty for "as this process". Shaped for `spawn`. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

const preferredUsers = ['postgres', '_postgres', 'nobody'] as const;

/**
 * PostgreSQL refuses to run as root. Root hands it to the owner of the cluster that is there already, else to a user
 * that has no rights of its own; anybody else runs it as himself.
 */
export async function chooseIdentity(clusterDir: string): Promise<Identity> {
  if (process.getuid?.() !== 0) return {};
  const owner = await ownerOf(clusterDir);
  if (owner !== undefined && owner.uid !== 0) return owner;
  const users = await readUsers();
  const preferred = preferredUsers
    .map((name) => users.find((user) => user.name === name))
    .find((user) => user !== undefined);
  const chosen = preferred ?? users[0];
  if (chosen === undefined) {
    throw new EmbeddedPostgresError(
      'PostgreSQL does not run as root, and this system has no other user to run it as; set DATABASE_URL.',
    );
  }
  return { uid: chosen.uid, gid: chosen.gid };
}

/** Whether the permission bits let this identity pass every folder down to `path` and read what is there. */
export async function canReach(path: string, identity: Identity): Promise<boolean> {
  if (identity.uid === undefined) return true;
  if (!(await permits(path, identity, (await stat(path)).isDirectory() ? 0o5 : 0o4))) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (!(await permits(folder, identity, 0o1))) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** Nothing of the caller's own PostgreSQL settings (PGPORT, PGDATA, ...) may reach ours. */
export function cleanEnv(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };
}

async function permits(path: string, { uid, gid }: Identity, bits: number): Promise<boolean> {
  const entry = await stat(path);
  if (entry.uid === uid) return (entry.mode & (bits << 6)) === bits << 6;
  if (entry.gid === gid) return (entry.mode & (bits << 3)) === bits << 3;
  return (entry.mode & bits) === bits;
}

async function ownerOf(path: string): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  try {
    const { uid, gid } = await stat(path);
    return { uid, gid };
  } catch (error) {
    if (isFileFault(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function readUsers(): Promise<readonly { readonly name: string; readonly uid: number; readonly gid: number }[]> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  return lines
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid, gid }) => name !== '' && !name.startsWith('#') && uid > 0 && gid > 0);
}
