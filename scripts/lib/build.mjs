import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { generateClient } from './prisma.mjs';
import { step } from './progress.mjs';
import { rootDir, runQuietly } from './run.mjs';
import { filesIn, hashOf, unlessStamped } from './stamp.mjs';

const generatedDir = join('src', 'db', 'generated');
export const distDir = join(rootDir, 'dist');

/** Writes the database client into src/db/generated, unless it is there for this schema. */
export async function ensureGenerated(installedHash) {
  const inputs = ['prisma/schema.prisma', 'scripts/data-model.mjs', 'scripts/lib/data-model.mjs'];
  const hash = await hashOf(inputs, { texts: [installedHash] });
  await unlessStamped(join(rootDir, generatedDir, '.stamp'), hash, () =>
    step('Generating the database client', generateClient),
  );
}

/** Compiles src/ to dist/, unless that was done for these sources. */
export async function ensureBuilt(installedHash) {
  const inputs = ['src', 'tsconfig.json', 'tsconfig.build.json', 'prisma/schema.prisma'];
  const hash = await hashOf(inputs, { except: [generatedDir], texts: [installedHash] });
  await unlessStamped(join(distDir, '.stamp'), hash, () => step('Building', build));
}

export function compilerFile() {
  return join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
}

/** Builds beside dist/ and swaps at the end: a server that runs from dist/ never sees half a build. */
async function build() {
  const freshDir = join(rootDir, 'dist.new');
  const staleDir = join(rootDir, 'dist.old');
  await rm(freshDir, { recursive: true, force: true });
  await runQuietly(process.execPath, [compilerFile(), '-p', 'tsconfig.build.json', '--outDir', freshDir]);
  await copyAssets(freshDir);
  await rm(staleDir, { recursive: true, force: true });
  await renameIfThere(distDir, staleDir);
  await rename(freshDir, distDir);
  await rm(staleDir, { recursive: true, force: true });
}

/** Whatever is no TypeScript (pages, scripts for Redis) goes along as it is. */
async function copyAssets(targetDir) {
  const srcDir = join(rootDir, 'src');
  for (const file of await filesIn(srcDir)) {
    const name = relative(srcDir, file);
    if (name.endsWith('.ts') || name.startsWith(join('db', 'generated'))) continue;
    await mkdir(join(targetDir, dirname(name)), { recursive: true });
    await copyFile(file, join(targetDir, name));
  }
}

async function renameIfThere(from, to) {
  try {
    await rename(from, to);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}
