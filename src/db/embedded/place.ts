import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../../kernel/index.js';
import { type Binaries, completeBinaries, copyBinaries, majorVersionOf } from './binaries.js';
import { EmbeddedPostgresError, isFileFault } from './embedded.error.js';
import { canReach, chooseIdentity, type Identity } from './identity.js';

/** Where the server runs from, as whom, and where it keeps its rows. */
export interface Place {
  readonly binaries: Binaries;
  readonly identity: Identity;
  readonly majorVersion: number;
  /** The server's own data folder (PGDATA). Not there before the first start. */
  readonly clusterDir: string;
  /** Folders outside the data folder that belong to it. */
  readonly stagedDir: string | undefined;
}

/**
 * Chooses the place inside `homeDir` when the one who runs the server can get there. Root's server runs as another
 * user: when that user cannot enter (a home closed with mode 0700), the rows and the programs stand in a folder it can
 * reach, and `homeDir/place` says where.
 */
export async function preparePlace(homeDir: string, found: Binaries, logger: Logger): Promise<Place> {
  const recorded = await readRecordedPlace(homeDir, logger);
  const identity = await chooseIdentity(join(recorded ?? homeDir, 'cluster'));
  const stagedDir = recorded ?? ((await canReach(homeDir, identity)) ? undefined : await stage(homeDir, identity));
  const standsIn = stagedDir ?? homeDir;
  if (stagedDir)
    logger.info({ place: stagedDir }, 'The database stands outside the data folder, which its user cannot enter');
  const { binaries, majorVersion } = await prepareBinaries(found, standsIn, identity);
  return { binaries, identity, majorVersion, clusterDir: join(standsIn, 'cluster'), stagedDir };
}

/** Takes away what `preparePlace` made outside the data folder. */
export async function removeStaged(homeDir: string): Promise<void> {
  const recorded = await readFileIfThere(join(homeDir, 'place'));
  if (recorded !== undefined) await rm(recorded.trim(), { recursive: true, force: true });
}

/** The record counts when the folder agrees: a copied clone carries the record along, but the rows stay with the original. */
async function readRecordedPlace(homeDir: string, logger: Logger): Promise<string | undefined> {
  const recorded = (await readFileIfThere(join(homeDir, 'place')))?.trim();
  if (recorded === undefined) return undefined;
  const owner = (await readFileIfThere(join(recorded, 'owner')))?.trim();
  if (owner === homeDir) return recorded;
  if (owner === undefined) {
    logger.warn({ place: recorded }, 'The folder that held the embedded database is gone; starting with an empty one.');
    return undefined;
  }
  if ((await readFileIfThere(join(owner, 'place')))?.trim() === recorded) {
    logger.warn(
      { place: recorded, owner },
      'The embedded database belongs to another copy of this folder; starting with an empty one.',
    );
    return undefined;
  }
  await writeFile(join(recorded, 'owner'), homeDir);
  return recorded;
}

async function stage(homeDir: string, identity: Identity): Promise<string> {
  const tag = createHash('sha256').update(homeDir).update(randomBytes(8)).digest('hex').slice(0, 12);
  for (const base of ['/var/lib', await realpath(tmpdir())]) {
    const stagedDir = join(base, `runam-${tag}`);
    if (!(await tryMakeReachable(stagedDir, identity))) continue;
    await writeFile(join(stagedDir, 'owner'), homeDir);
    await writeFile(join(homeDir, 'place'), stagedDir);
    return stagedDir;
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root, and user ${identity.uid} can enter neither ${homeDir} nor /var/lib nor ${tmpdir()}; set RUNAM_DATA_DIR or DATABASE_URL.`,
  );
}

async function tryMakeReachable(folder: string, identity: Identity): Promise<boolean> {
  try {
    await mkdir(folder);
    await chmod(folder, 0o755);
    if (await canReach(folder, identity)) return true;
    await rm(folder, { recursive: true });
    return false;
  } catch (error) {
    if (isFileFault(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOENT')) return false;
    throw error;
  }
}

async function prepareBinaries(
  found: Binaries,
  standsIn: string,
  identity: Identity,
): Promise<{ readonly binaries: Binaries; readonly majorVersion: number }> {
  const inPackage = await tryInPackage(found, identity);
  if (inPackage !== undefined) return { binaries: found, majorVersion: inPackage };
  const binaries = await copyBinaries(found, join(standsIn, `native-${found.version}`));
  const majorVersion = await majorVersionOf(binaries, identity);
  if (typeof majorVersion === 'number') return { binaries, majorVersion };
  const reason = majorVersion.message.trim().split('\n').at(-1);
  throw new EmbeddedPostgresError(
    `The embedded PostgreSQL ${found.version} cannot run here (${reason}); it needs glibc on Linux, a folder that allows programs and, when started by root, the right to become another user. Set DATABASE_URL.`,
    { cause: majorVersion },
  );
}

/** Answers the major version when the programs can be run where the package manager put them. */
async function tryInPackage(found: Binaries, identity: Identity): Promise<number | undefined> {
  try {
    await completeBinaries(found);
  } catch (error) {
    if (isFileFault(error, 'EACCES', 'EPERM', 'EROFS')) return undefined;
    throw error;
  }
  const readable = await Promise.all(
    ['share/postgresql/postgres.bki', 'lib'].map((part) => canReach(join(found.nativeDir, part), identity)),
  );
  if (!readable.every(Boolean)) return undefined;
  const majorVersion = await majorVersionOf(found, identity);
  return typeof majorVersion === 'number' ? majorVersion : undefined;
}

async function readFileIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isFileFault(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
