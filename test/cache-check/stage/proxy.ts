import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { createDelayLine } from './delay-line.js';
import { createCommandReader, writeStepOf, type WriteStep } from './resp.js';

/** One server process's way to Redis, which knows what passes and can be made slow, or be cut. */
export interface RedisProxy {
  readonly port: number;
  /** From now on each message of each direction waits between nothing and this. */
  slow(delayMsMax: number): void;
  /** `silent`: connections stay open and what is sent never arrives; `refused`: they break, and new ones are refused. */
  cut(how: 'silent' | 'refused'): void;
  /** Breaks what was held up and lets new connections through. */
  mend(): void;
  /** Breaks every connection; nothing that has not been passed on arrives any more. */
  breakAll(): void;
  close(): Promise<void>;
}

/** `die`: the command, and whatever follows it, is not passed on; a number: it is, so many milliseconds later. */
export type Verdict = 'die' | number;

export interface RedisProxyOptions {
  readonly targetPort: number;
  /** Asked before a step of a write is passed on. */
  readonly onStep: (step: WriteStep) => Verdict;
  /** From 0 up to, not including, 1. */
  readonly chance: () => number;
}

export async function startRedisProxy({ targetPort, onStep, chance }: RedisProxyOptions): Promise<RedisProxy> {
  const pairs = new Set<Pair>();
  let delayMsMax = 0;
  let state: 'open' | 'silent' | 'refused' = 'open';
  const breakAll = (): void => {
    for (const pair of pairs) pair.break();
  };
  const drawDelay = (): number => (delayMsMax > 0 ? Math.floor(chance() * (delayMsMax + 1)) : 0);
  const server = createServer((near) => {
    if (state === 'refused') {
      near.destroy();
      return;
    }
    const pair = connectPair({ near, targetPort, onStep, drawDelay, passes: () => state === 'open' });
    pairs.add(pair);
    pair.onEnd(() => pairs.delete(pair));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    slow: (msMax) => void (delayMsMax = msMax),
    cut(how) {
      state = how;
      if (how === 'refused') breakAll();
    },
    mend() {
      if (state === 'open') return;
      breakAll();
      state = 'open';
    },
    breakAll,
    async close() {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Pair {
  break(): void;
  onEnd(ended: () => void): void;
}

interface PairOptions {
  readonly near: Socket;
  readonly targetPort: number;
  readonly onStep: (step: WriteStep) => Verdict;
  readonly drawDelay: () => number;
  /** Whether anything passes; asked when it is due. */
  readonly passes: () => boolean;
}

function connectPair({ near, targetPort, onStep, drawDelay, passes }: PairOptions): Pair {
  const far = createConnection({ port: targetPort, host: '127.0.0.1' });
  near.setNoDelay(true);
  far.setNoDelay(true);
  const passTo = (to: Socket) => (bytes: Buffer) => void (passes() && to.writable && to.write(bytes));
  const toRedis = createDelayLine<Buffer>(drawDelay, passTo(far));
  const toServer = createDelayLine<Buffer>(drawDelay, passTo(near));
  const read = createCommandReader();
  const end = (): void => {
    toRedis.clear();
    toServer.clear();
    near.destroy();
    far.destroy();
  };
  near.on('data', (chunk) => {
    for (const command of read(chunk)) {
      const step = writeStepOf(command);
      const verdict = step ? onStep(step) : 0;
      if (verdict === 'die') {
        end();
        return;
      }
      toRedis.push(command.raw, verdict);
    }
  });
  far.on('data', (chunk) => toServer.push(chunk));
  for (const socket of [near, far]) socket.on('error', () => socket.destroy());
  near.on('close', end);
  // Through a cut line no closing passes either; the server's end is broken when the line is mended.
  far.on('close', () => passes() && end());
  return { break: end, onEnd: (ended) => void near.on('close', ended) };
}
