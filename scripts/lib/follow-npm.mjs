import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const lookMs = 250;

/**
 * A signal sent to "npm start" ends npm and its shell, but never gets to the program itself, which would stay behind on
 * its port. So it looks whether npm is still there, and sends itself the SIGTERM that did not arrive.
 */
export function followNpm() {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  // npm may run us without a shell between; then whoever started npm is none of our business.
  const hasShellBetween = grandparent !== undefined && !isNpm(parent) && isNpm(grandparent);
  const isOrphan = () => process.ppid !== parent || (hasShellBetween && parentOf(parent) !== grandparent);
  const timer = setInterval(() => {
    if (!isOrphan()) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, lookMs);
  timer.unref();
}

function isNpm(pid) {
  const command = process.platform === 'linux' ? readProc(pid, 'cmdline') : askPs(pid, 'args');
  return /\bnpm\b/.test(command ?? '');
}

function parentOf(pid) {
  if (process.platform !== 'linux') return Number(askPs(pid, 'ppid'));
  const stat = readProc(pid, 'stat');
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH' || error.code === 'EACCES') return undefined;
    throw error;
  }
}

function askPs(pid, column) {
  try {
    return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch (error) {
    if (error.status === 1) return undefined;
    throw error;
  }
}
