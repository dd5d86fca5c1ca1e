import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const lock = fileURLToPath(new URL('../../scripts/lib/lock.mjs', import.meta.url));
const lockFile = fileURLToPath(new URL('../../.runam-prepare.lock', import.meta.url));
let folder: string;
let diary: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runam-lock-'));
  diary = join(folder, 'diary');
  await writeFile(diary, '');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process that prepares: it notes when it begins and when it ends. */
async function prepare(): Promise<number> {
  const script = `
    import { appendFile } from 'node:fs/promises';
    const { alone } = await import(${JSON.stringify(lock)});
    const note = (word) => appendFile(${JSON.stringify(diary)}, word + '\\n');
    await alone(async () => { await note('begins'); await new Promise((done) => setTimeout(done, 50)); await note('ends'); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number];
  return code;
}

it('lets starts that come at once in one folder prepare it one after the other', async () => {
  expect(await Promise.all([prepare(), prepare(), prepare(), prepare()])).toEqual([0, 0, 0, 0]);
  expect((await readFile(diary, 'utf8')).trim().split('\n')).toEqual(
    Array.from({ length: 4 }, () => ['begins', 'ends']).flat(),
  );
});

it('takes over from a start that died while it prepared', async () => {
  const dead = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
  await once(dead, 'exit');
  await writeFile(lockFile, String(dead.pid));
  expect(await prepare()).toBe(0);
});
