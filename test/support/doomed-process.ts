import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createClient, type GraphqlClient } from './graphql-client.js';
import type { StoryClock } from './stories.js';

const file = fileURLToPath(new URL('./doomed-server.mjs', import.meta.url));

/** A built server in a process of its own that goes by the test's clock. */
export interface DoomedProcess {
  readonly url: string;
  readonly client: GraphqlClient;
  /** Does what workers do by themselves, by the time it is now. @throws Error when it fails, or the process dies of it */
  doRounds(): Promise<void>;
  /** Tells it what time it is now. */
  tellTime(): Promise<void>;
  /** SIGKILL. Resolves when it is dead. */
  kill(): Promise<void>;
}

interface Told {
  readonly url?: string;
  readonly done?: number;
  readonly failed?: string;
}

export async function startDoomedProcess(
  clock: StoryClock,
  env: Readonly<Record<string, string>>,
): Promise<DoomedProcess> {
  const child = fork(file, [String(clock.now().getTime())], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'test', PORT: '0', RATE_LIMIT_PER_MINUTE: '0', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const url = await firstOf(child, exited, ({ url: its }) => its);
  let orders = 0;
  const order = async (isRound: boolean): Promise<void> => {
    const id = ++orders;
    const answer = firstOf(child, exited, (told) => (told.done === id ? told : undefined));
    child.send({ id, isRound, nowMs: clock.now().getTime() }, () => undefined);
    const { failed } = await answer;
    if (failed) throw new Error(failed);
  };
  return {
    url,
    client: createClient(url),
    doRounds: () => order(true),
    tellTime: () => order(false),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The first thing that it says and `of` takes. @throws Error when it ends before */
async function firstOf<Answer>(
  child: ChildProcess,
  exited: Promise<unknown>,
  of: (told: Told) => Answer | undefined,
): Promise<Answer> {
  let hear: (told: Told) => void = () => {};
  const said = new Promise<Answer>((resolve) => {
    hear = (told) => {
      const answer = of(told);
      if (answer !== undefined) resolve(answer);
    };
    child.on('message', hear);
  });
  const answer = await Promise.race([said, exited.then(() => undefined)]);
  child.off('message', hear);
  if (answer === undefined) throw new Error('the server has ended');
  return answer;
}
