import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

const chromiumFiles = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'] as const;

/**
 * The browser for browser tests: the one RUNAM_CHROMIUM names (`npm test` sets it), else one in its usual place.
 * @throws Error saying how to get one; the test that needs it fails with this
 */
export async function chromiumFile(): Promise<string> {
  const named = process.env['RUNAM_CHROMIUM'];
  if (named) return named;
  for (const file of chromiumFiles) if (await isProgram(file)) return file;
  const advice =
    'Chromium is not installed (Debian: apt install chromium), or name one with RUNAM_CHROMIUM=/path/to/it.';
  throw new Error(process.env['RUNAM_CHROMIUM_MISSING'] ?? advice);
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not to be run: the same for the caller.
    return false;
  }
}
