import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/** Whether a process with this id runs; a dead one that nobody has collected yet (a zombie) does not. */
export async function isAlive(pid: number): Promise<boolean> {
  if (!canSignal(pid)) return false;
  const stat = await readProc(pid, 'stat');
  return stat === undefined || !/^\d+ \(.*\) [ZX]/s.test(stat);
}

/**
 * When the process began, in whatever unit the system counts: told apart from a later process that was given the same
 * id. Undefined when there is none, or the system does not say.
 */
export async function birthOf(pid: number): Promise<string | undefined> {
  const stat = await readProc(pid, 'stat');
  if (stat !== undefined) return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return askPs(pid, 'lstart');
}

/** The program and its arguments, separated by spaces. Undefined when there is no such process. */
export async function commandOf(pid: number): Promise<string | undefined> {
  const commandLine = await readProc(pid, 'cmdline');
  if (commandLine !== undefined) return commandLine.replaceAll('\0', ' ').trim();
  return askPs(pid, 'command');
}

/** Asks again until the answer is not undefined. Answers undefined when `waitMsMax` has passed. */
export async function poll<Answer>(
  ask: () => Promise<Answer | undefined>,
  { waitMsMax, everyMs = 25 }: { readonly waitMsMax: number; readonly everyMs?: number },
): Promise<Answer | undefined> {
  const deadlineMs = performance.now() + waitMsMax;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || performance.now() >= deadlineMs) return answer;
    await delay(everyMs);
  }
}

function canSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function readProc(pid: number, file: 'stat' | 'cmdline'): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => undefined);
}

async function askPs(pid: number, column: 'lstart' | 'command'): Promise<string | undefined> {
  if (process.platform === 'linux') return undefined;
  const answer = await execFileAsync('ps', ['-o', `${column}=`, '-p', String(pid)]).catch(() => undefined);
  return answer?.stdout.trim() || undefined;
}
