import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CacheOptions } from '../../src/cache/index.js';

const worker = fileURLToPath(new URL('cache-worker.mjs', import.meta.url));

export interface ReadAnswer {
  readonly value: string;
  readonly kind: 'hit' | 'miss' | 'join' | 'bypass' | 'error';
}

/** The built cache on a Redis, in a process of its own whose loads this process ends. */
export interface CacheProcess {
  read(key: string, count?: number): Promise<readonly ReadAnswer[]>;
  bump(key: string): Promise<void>;
  /** How the load of `key` under way here ends. */
  finish(key: string, value: string): Promise<void>;
  fail(key: string, message: string): Promise<void>;
  /** The same for every later load of `key` here. */
  finishAll(key: string, value: string): Promise<void>;
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  stop(): Promise<void>;
}

type Told =
  | { readonly kind: 'ready' }
  | { readonly kind: 'loading'; readonly key: string }
  | { readonly kind: 'answer'; readonly id: number; readonly result: unknown };

export interface CacheProcessOptions {
  readonly url: string;
  readonly prefix: string;
  readonly options: Partial<CacheOptions>;
  /** Called when a load has begun there. */
  readonly onLoading: (key: string, process: CacheProcess) => void;
}

export async function startCacheProcess(given: CacheProcessOptions): Promise<CacheProcess> {
  const { url, prefix, options, onLoading } = given;
  const child = fork(worker, [JSON.stringify({ url, prefix, options })], { stdio: 'inherit' });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const answers = new Map<number, (result: unknown) => void>();
  let ids = 0;
  const ready = new Promise<void>((resolve) => {
    child.on('message', (told: Told) => {
      if (told.kind === 'loading') onLoading(told.key, self);
      else if (told.kind === 'ready') resolve();
      else answers.get(told.id)?.(told.result);
    });
  });
  const ask = <T>(name: string, given: object): Promise<T> =>
    new Promise<T>((resolve) => {
      const id = ++ids;
      answers.set(id, resolve as (result: unknown) => void);
      // To one that was killed nothing can be said; the test that kills it does not wait for its answers.
      child.send({ id, name, given }, () => {});
    });
  const self: CacheProcess = {
    read: (key, count = 1) => ask('read', { key, count }),
    bump: (key) => ask('bump', { key }),
    finish: (key, value) => ask('end', { key, value }),
    fail: (key, value) => ask('end', { key, value, fails: true }),
    finishAll: (key, value) => ask('endAll', { key, value }),
    signal: (name) => void child.kill(name),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      kill();
      await exited;
    },
  };
  await Promise.race([ready, once(child, 'exit')]);
  if (child.exitCode !== null) throw new Error(`the cache process ended with ${child.exitCode}`);
  return self;
}
