import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

/** A server under load, in a process of its own. */
export interface ServerChild {
  readonly url: string;
  /** Processor time it has used so far, milliseconds; undefined where the system has no /proc. */
  cpuMs(): Promise<number | undefined>;
  stop(): Promise<void>;
}

const stopMsMax = 20_000;
/** Linux gives times in units of USER_HZ, which is 100 on every platform Node runs on. */
const msPerTick = 10;

export function serverChild(url: string, child: ChildProcess): ServerChild {
  return { url, cpuMs: () => cpuMsOf(child.pid), stop: () => stopChild(child) };
}

/** A bench that ends early, in the middle of starting something, leaves nothing behind. */
export function endWithUs(child: ChildProcess): void {
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
}

/** SIGTERM, and SIGKILL for one that does not obey. May be repeated. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const kill = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(kill);
}

async function cpuMsOf(pid: number | undefined): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // proc_pid_stat(5): after the name in brackets come state (3rd field) …, utime (14th) and stime (15th).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}
