import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformWithOxc } from 'vite';

const rootDir = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Strips the types from a program among the tests and from the test support it uses, file by file, so that it and what it
 * starts run in plain Node; `src` beside them is the built program. Types are checked by `npm run check`.
 * @param name of the folder in test/ that the program stands in
 * @param entry its first file, without an ending
 * @returns the URL of the entry, and how to take it all away again
 */
export async function compileProgram({ name, entry }) {
  const home = join(rootDir, 'node_modules', '.cache');
  await mkdir(home, { recursive: true });
  // A folder of its own: two may run at once, and what is killed is started from here again.
  const outDir = await mkdtemp(join(home, `runam-${name}-`));
  const remove = () => rm(outDir, { recursive: true, force: true });
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  try {
    await symlink(join(rootDir, 'dist'), join(outDir, 'src'), 'junction');
    await Promise.all([`test/${name}`, 'test/support'].map((dir) => compileDir(dir, outDir)));
  } catch (error) {
    await remove();
    throw error;
  }
  return { url: pathToFileURL(join(outDir, 'test', name, `${entry}.js`)).href, remove };
}

async function compileDir(dir, outDir) {
  const files = await readdir(join(rootDir, dir), { recursive: true });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  await Promise.all(sources.map((file) => compile(join(dir, file), outDir)));
}

async function compile(file, outDir) {
  const { code } = await transformWithOxc(await readFile(join(rootDir, file), 'utf8'), file, { sourcemap: false });
  const target = join(outDir, file.replace(/\.ts$/, '.js'));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, code);
}
