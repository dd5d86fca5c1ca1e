import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded.error.js';

export interface Watchdog {
  /** Ends the watch without touching the server. */
  dismiss(): Promise<void>;
}

export interface WatchdogOptions {
  /** Every watching process has a file here, so that the server stays while another one is watched over. */
  readonly holdersDir: string;
  readonly clusterDir: string;
  readonly serverPid: number;
  /** Folders to take away after the server has ended; none by default. */
  readonly removeDirs?: readonly string[];
}

/**
 * Ends the server soon after this process has died without doing it itself (kill -9, out of memory). A shell that waits
 * for its input to close, which the system does for every kind of death; it costs no CPU and hardly any memory.
 */
export async function startWatchdog({
  holdersDir,
  clusterDir,
  serverPid,
  removeDirs = [],
}: WatchdogOptions): Promise<Watchdog> {
  await mkdir(holdersDir, { recursive: true });
  const args = ['-c', script, 'runam-watchdog', holdersDir, clusterDir, String(serverPid), ...removeDirs];
  const child = spawn('/bin/sh', args, { cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  await untilReady(child);
  child.unref();
  unrefPipe(child.stdin);
  unrefPipe(child.stdout);
  return {
    async dismiss() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.ref();
      child.kill('SIGKILL');
      await ended;
      await rm(join(holdersDir, String(child.pid)), { force: true });
    },
  };
}

const script = `
holders=$1 cluster=$2 server=$3
shift 3
me=$holders/$$
: > "$me" || exit 1
echo watching
while read -r line; do :; done
rm -f "$me"
for other in "$holders"/*; do
  [ -e "$other" ] && kill -0 "\${other##*/}" 2>/dev/null && exit 0
done
is_running() { read -r pid < "$cluster/postmaster.pid" && [ "$pid" = "$server" ] && kill -0 "$server"; } 2>/dev/null
is_running && kill -INT "$server"
[ $# -eq 0 ] && exit 0
tries=0
while is_running && [ $tries -lt 300 ]; do tries=$((tries + 1)); sleep 0.1; done
rm -rf "$@"
`;

async function untilReady(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('error', reject);
    child.once('exit', () =>
      reject(new EmbeddedPostgresError('The process that watches over the embedded PostgreSQL could not start.')),
    );
  });
}

/** The watch alone must not keep this process running. */
function unrefPipe(pipe: ChildProcess['stdin'] | ChildProcess['stdout']): void {
  if (pipe !== null && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
}
