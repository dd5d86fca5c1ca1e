import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/runam.mjs', import.meta.url));

/** The command as people start it, in a process of its own. */
function runam(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = { env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

describe('npm run runam', { timeout: 120_000 }, () => {
  it('doctor ends with 1 and one line of JSON when something is wrong, and 0 when nothing is', async () => {
    const bad = await runam(['doctor', '--json'], { REDIS_URL: 'redis://127.0.0.1:1' });
    expect([bad.code, JSON.parse(lastLine(bad.stdout))]).toMatchObject([1, { ok: false }]);
    const good = await runam(['doctor', '--json'], { USE_REDIS: 'false' });
    expect([good.code, JSON.parse(lastLine(good.stdout))]).toMatchObject([0, { ok: true }]);
  });

  it('cache ends with 2 when it is asked for what cannot be', async () => {
    const { code, stderr } = await runam(['cache', 'clear-all'], { REDIS_URL: 'redis://127.0.0.1:1' });
    expect([code, lastLine(stderr)]).toEqual([2, 'Clear everything? There is nobody to ask: say --force.']);
  });
});
