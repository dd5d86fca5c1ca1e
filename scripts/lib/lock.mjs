import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { rootDir } from './run.mjs';

const file = join(rootDir, '.runam-prepare.lock');
const lookMs = 200;

/** Does `work` while no other process of this folder does; waits for one that is at it, takes over from one that died. */
export async function alone(work) {
  await take();
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take() {
  let hasSaid = false;
  while (!(await tryToTake())) {
    const holder = Number(await readFile(file, 'utf8').catch(() => ''));
    if (holder > 0 && !isAlive(holder)) {
      await rm(file, { force: true });
      continue;
    }
    if (!hasSaid) console.log('  Another start is preparing this folder; waiting for it …');
    hasSaid = true;
    await pause(lookMs);
  }
}

async function tryToTake() {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
