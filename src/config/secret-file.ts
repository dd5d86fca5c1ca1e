import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from './config.js';

/**
 * A secret that is made once and kept for the owner's eyes only. Processes that start at once agree on one.
 * @param instead the variable that makes the file needless
 * @throws ConfigError when the data folder cannot be written
 */
export async function keepSecret(file: string, make: () => string, instead: string): Promise<string> {
  try {
    await mkdir(dirname(file), { recursive: true });
    return (await readSecret(file)) ?? (await makeSecret(file, make()));
  } catch (error) {
    const { code = 'unknown fault' } = error as NodeJS.ErrnoException;
    const message = `${file} cannot be used (${code}); takes a folder that RunAm may write to. Or set ${instead}.`;
    throw new ConfigError([{ variable: 'RUNAM_DATA_DIR', message }]);
  }
}

/** The file gets its name when it is whole; whoever comes second takes the secret of the first. */
async function makeSecret(file: string, secret: string): Promise<string> {
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, secret, { mode: 0o600 });
  try {
    await link(unfinished, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
  return (await readFile(file, 'utf8')).trim();
}

async function readSecret(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
