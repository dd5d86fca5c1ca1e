import { readFileSync } from 'node:fs';

/** Whether a process runs. One that has ended and waits to be collected (a zombie) does not. */
export function isRunning(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
  } catch {
    // Nobody has this number any more.
    return false;
  }
  return process.platform !== 'linux' || !/^\d+ \(.*\) [ZX]/s.test(statOf(pid));
}

function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It ended between the two looks.
    return `${pid} () X`;
  }
}
