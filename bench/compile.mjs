import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformWithOxc } from 'vite';

const benchDir = fileURLToPath(new URL('.', import.meta.url));
const outDir = fileURLToPath(new URL('../node_modules/.cache/runam-bench', import.meta.url));

/**
 * Strips the types from bench/, file by file, so that what is measured runs in plain Node without a module runner in
 * between. Types are checked by `npm run check`. @returns the URL of the entry
 */
export async function compileBench() {
  await rm(outDir, { recursive: true, force: true });
  const files = await readdir(benchDir, { recursive: true });
  await Promise.all(files.filter((file) => file.endsWith('.ts')).map(compile));
  return pathToFileURL(join(outDir, 'bench.js')).href;
}

async function compile(file) {
  const { code } = await transformWithOxc(await readFile(join(benchDir, file), 'utf8'), file, { sourcemap: false });
  const target = join(outDir, file.replace(/\.ts$/, '.js'));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, code);
}
