import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const follower = new URL('../../scripts/lib/follow-npm.mjs', import.meta.url).href;
const soon = { timeout: 45_000, interval: 20 };

describe('a program that npm runs', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runam-test-'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts: { start: 'node program.mjs' } }));
    await writeFile(
      join(folder, 'program.mjs'),
      `import { followNpm } from ${JSON.stringify(follower)};
       const keep = setInterval(() => undefined, 1000);
       process.on('SIGTERM', () => { clearInterval(keep); process.stdout.write('told '); });
       followNpm();
       process.stdout.write('pid=' + process.pid + ' ');`,
    );
  });

  afterEach(() => rm(folder, { recursive: true }));

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'is told to stop when npm gets %s, and does not outlive it',
    async (signal) => {
      const npm = spawn('npm', ['start', '--silent'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      npm.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await vi.waitFor(() => expect(said).toMatch(/pid=\d+ /), soon);
      // The pipe closes when the last program that writes to it has ended.
      const closed = once(npm, 'close');
      npm.kill(signal);
      await closed;
      expect(said).toMatch(/^pid=\d+ told $/);
    },
  );

  it('keeps running when whoever started npm ends', async () => {
    const script = 'npm start --silent & wait_for_it() { read -r line; }; wait_for_it';
    const shell = spawn('/bin/sh', ['-c', script], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
    let said = '';
    shell.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await vi.waitFor(() => expect(said).toMatch(/pid=\d+ /), soon);
    const exited = once(shell, 'exit');
    const closed = once(shell, 'close');
    shell.stdin.write('go\n');
    await exited;
    const pid = Number(/pid=(\d+)/.exec(said)?.[1]);
    await lookedTwice();
    expect(said).not.toContain('told');
    process.kill(pid, 'SIGTERM');
    await closed;
    expect(said).toContain('told');
  });
});

/** The program looks every 250 ms; two more looks of the same kind here have come and gone when this answers. */
async function lookedTwice(): Promise<void> {
  const startedMs = performance.now();
  await vi.waitFor(() => expect(performance.now() - startedMs).toBeGreaterThan(600), soon);
}
