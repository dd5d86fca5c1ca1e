import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from './config.js';

/**
 * The secret that signs access tokens: the configured one, else one that is made once and kept in the data folder for
 * the owner's eyes only, so that sessions outlive a restart. Processes that start at once agree on one.
 * @throws ConfigError when the data folder cannot be written
 */
export async function ensureJwtSecret({
  dataDir,
  jwtSecret,
}: {
  readonly dataDir: string;
  readonly jwtSecret: string | undefined;
}): Promise<string> {
  if (jwtSecret !== undefined) return jwtSecret;
  const file = join(dataDir, 'jwt-secret');
  try {
    await mkdir(dataDir, { recursive: true });
    return (await readSecret(file)) ?? (await makeSecret(file));
  } catch (error) {
    const { code = 'unknown fault' } = error as NodeJS.ErrnoException;
    throw new ConfigError([
      {
        variable: 'RUNAM_DATA_DIR',
        message: `${file} cannot be used (${code}); takes a folder that RunAm may write to. Or set JWT_SECRET.`,
      },
    ]);
  }
}

/** The file gets its name when it is whole; whoever comes second takes the secret of the first. */
async function makeSecret(file: string): Promise<string> {
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, randomBytes(48).toString('base64url'), { mode: 0o600 });
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
