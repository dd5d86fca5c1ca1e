import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient, type GraphqlClient } from './graphql-client.js';
import { keepOutput } from './server-outputs.js';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const readyMsMax = 180_000;

export interface ServerProcess {
  readonly url: string;
  readonly client: GraphqlClient;
  /** Every line it wrote so far, both streams. */
  readonly output: readonly string[];
  readonly process: ChildProcess;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** A server as users run it: the built program in a process of its own, logging JSON. Resolves when it is ready. */
export async function startServerProcess(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      JWT_SECRET: 'a secret for tests that is long enough',
      PORT: '0',
      RATE_LIMIT_PER_MINUTE: '0',
      SANDBOX_PAYMENTS: 'true',
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  keepOutput(child.pid, output);
  const url = await new Promise<string>((resolve, reject) => {
    const read = (line: string) => {
      output.push(line);
      const found = /RunAm serves GraphQL at (http:\/\/[^/"]+)/.exec(line);
      if (found) resolve(found[1]!);
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${output.join('\n')}`)));
    const giveUp = () => reject(new Error(`the server did not say where it serves:\n${output.join('\n')}`));
    setTimeout(giveUp, readyMsMax).unref();
  }).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  await becomesReady(url);
  return {
    url,
    client: createClient(url),
    output,
    process: child,
    stop: () => end(child, 'SIGTERM'),
    kill: async () => void (await end(child, 'SIGKILL')),
  };
}

async function becomesReady(url: string): Promise<void> {
  const deadline = Date.now() + readyMsMax;
  for (;;) {
    const response = await fetch(`${url}/readyz`);
    if (response.ok) return;
    if (Date.now() > deadline) throw new Error(`not ready: ${await response.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Until every line it wrote was read. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const closed = once(child, 'close') as Promise<[number | null]>;
  child.kill(signal);
  const [code] = await closed;
  return code;
}
