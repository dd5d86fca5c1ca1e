import { fork, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endWithUs, serverChild, stopChild, type ServerChild } from './child.js';

export type PeerName = 'http' | 'graphql' | 'yoga' | 'market';

const jwtSecret = randomBytes(32).toString('base64url');
const readyMsMax = 60_000;
const lookMs = 50;

export interface RunAmOptions {
  readonly rootDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly profileDir: string | undefined;
}

/** RunAm as in production: the built program, logging as it does by default, but nobody is told to slow down. */
export async function startRunAm({ rootDir, env, profileDir }: RunAmOptions): Promise<ServerChild> {
  const profiling = profileDir === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDir];
  const child = spawn(process.execPath, [...profiling, join(rootDir, 'dist', 'main.js')], {
    cwd: '/',
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      PORT: '0',
      JWT_SECRET: jwtSecret,
      ACCESS_TOKEN_TTL: '86400',
      RATE_LIMIT_PER_MINUTE: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return orStopped(child, async () => {
    const url = await announced(child);
    await becomesReady(url);
    return serverChild(`${url}/graphql`, child);
  });
}

/** @param order what the peer takes first */
export async function startPeer<Order extends object>(name: PeerName, order: Order): Promise<ServerChild> {
  const child = fork(fileURLToPath(new URL(`../peers/${name}.peer.js`, import.meta.url)), [], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production' },
  });
  return orStopped(child, async () => {
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the peer "${name}" ended`)));
    const served = once(child, 'message') as Promise<[{ url: string }]>;
    child.send(order);
    const [{ url }] = await Promise.race([served, ended]);
    ended.catch(() => undefined);
    return serverChild(`${url}/graphql`, child);
  });
}

async function orStopped<T>(child: ChildProcess, start: () => Promise<T>): Promise<T> {
  endWithUs(child);
  try {
    return await start();
  } catch (error) {
    await stopChild(child);
    throw error;
  }
}

function announced(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    // Read to the end of its life, or its log would fill the pipe and stop it.
    const read = (chunk: Buffer): void => {
      if (said.length > 100_000) return;
      said += chunk.toString();
      const found = /RunAm serves GraphQL at (http:\/\/[^/"]+)/.exec(said);
      if (found?.[1]) resolve(found[1]);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`RunAm ended with ${code}:\n${said}`)));
  });
}

/** After Redis came up new, hits are held back for a moment. */
async function becomesReady(url: string): Promise<void> {
  const deadlineMs = performance.now() + readyMsMax;
  for (;;) {
    const response = await fetch(`${url}/readyz`);
    const text = await response.text();
    if (response.ok) return;
    if (performance.now() > deadlineMs) throw new Error(`RunAm does not become ready: ${text}`);
    await delay(lookMs);
  }
}
