import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { rootDir } from './run.mjs';

/** A hash over the names and contents of files and folders (paths from the project folder), and over further texts. */
export async function hashOf(paths, { except = [], texts = [] } = {}) {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of await filesIn(join(rootDir, path))) {
      const name = relative(rootDir, file);
      if (except.some((prefix) => name.startsWith(prefix))) continue;
      hash
        .update(`${name}\0`)
        .update(await readFile(file))
        .update('\0');
    }
  }
  return hash.update(texts.join('\0')).digest('hex');
}

/** Does `work` unless `file` says that it was done for this hash. Answers whether it was done now. */
export async function unlessStamped(file, hash, work) {
  if ((await readIfThere(file)) === hash) return false;
  await rm(file, { force: true });
  await work();
  await writeFile(file, hash);
  return true;
}

export async function readIfThere(file) {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** All files below a folder in a fixed order; a file stands for itself. */
export async function filesIn(path) {
  try {
    const entries = await readdir(path, { withFileTypes: true, recursive: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return files.toSorted();
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
}
