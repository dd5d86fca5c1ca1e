import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** One place in the fleet: when the server process in it dies another one takes it, at another address. */
export interface Slot {
  readonly index: number;
  readonly url: string;
  readonly state: 'up' | 'down' | 'stalled';
  /** Requests under way. */
  inFlight: number;
  /** SIGKILL, at once; another process takes the place as soon as this one is gone. */
  kill(): void;
  /** SIGSTOP, and SIGCONT after so many milliseconds; nothing when it is not up. @returns whether it was stopped */
  stall(ms: number): boolean;
}

export interface Fleet {
  readonly slots: readonly Slot[];
  /** Rejects when a process ends that nobody killed, or cannot be started again. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

const serverFile = fileURLToPath(new URL('../server/server.js', import.meta.url));
const startMsMax = 60_000;
const saidLengthMax = 4_000;

/** @param envs one process for each */
export async function startFleet(envs: readonly NodeJS.ProcessEnv[]): Promise<Fleet> {
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  // Whoever waits for it hears of it; nobody may have begun to.
  failed.catch(() => undefined);
  const places = envs.map((env, index) => createPlace(index, env, (error) => fail(error)));
  const stop = async (): Promise<void> => void (await Promise.all(places.map((place) => place.stop())));
  try {
    await Promise.all(places.map((place) => place.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { slots: places.map(({ slot }) => slot), failed, stop };
}

function createPlace(index: number, env: NodeJS.ProcessEnv, fail: (error: Error) => void) {
  let child: ChildProcess | undefined;
  let url = '';
  let state: Slot['state'] = 'down';
  let isStopping = false;
  let resuming: NodeJS.Timeout | undefined;

  async function start(): Promise<void> {
    const started = launch(env);
    child = started.child;
    url = await started.url;
    state = 'up';
    child.once('exit', (code, signal) => {
      clearTimeout(resuming);
      state = 'down';
      if (isStopping) return;
      if (signal === 'SIGKILL') start().catch((error: Error) => void (isStopping || fail(error)));
      else fail(new Error(`server ${index} ended with ${signal ?? code}`));
    });
  }

  const resume = (): void => {
    clearTimeout(resuming);
    if (state !== 'stalled') return;
    child?.kill('SIGCONT');
    state = 'up';
  };
  const slot: Slot = {
    index,
    get url() {
      return url;
    },
    get state() {
      return state;
    },
    inFlight: 0,
    kill() {
      state = 'down';
      child?.kill('SIGKILL');
    },
    stall(ms) {
      if (state !== 'up') return false;
      child?.kill('SIGSTOP');
      state = 'stalled';
      resuming = setTimeout(resume, ms);
      return true;
    },
  };
  return {
    slot,
    start,
    async stop() {
      isStopping = true;
      clearTimeout(resuming);
      if (child) await end(child);
    },
  };
}

function launch(env: NodeJS.ProcessEnv): { readonly child: ChildProcess; readonly url: Promise<string> } {
  const child = fork(serverFile, [], {
    env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'], ...env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-saidLengthMax)));
  const timer = setTimeout(kill, startMsMax);
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`a server could not be started:\n${said}`)));
  ended.catch(() => undefined);
  const url = Promise.race([once(child, 'message'), ended]).then(([message]) => (message as { url: string }).url);
  const settled = (): void => clearTimeout(timer);
  url.then(settled, settled);
  return { child, url };
}

/** Its rows are thrown away and nobody waits for its answers: SIGKILL, which also ends one that is stopped. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Resolves when every server says that it is ready, hits included. @throws Error when one does not in time */
export async function areReady({ slots }: Fleet): Promise<void> {
  const deadlineMs = performance.now() + startMsMax;
  for (const { url } of slots) {
    for (;;) {
      const response = await fetch(`${url}/readyz`);
      const text = await response.text();
      if (response.ok) break;
      if (performance.now() > deadlineMs) throw new Error(`a server does not become ready: ${text}`);
      await pause(50);
    }
  }
}
