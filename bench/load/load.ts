import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Slice, SliceOrder } from './slice.type.js';

/** The load generator, in a thread of its own. */
export interface Load {
  /** One order at a time. @throws Error when an answer was wrong or did not come */
  run(order: SliceOrder): Promise<Slice>;
  close(): Promise<void>;
}

export function startLoad(): Load {
  const worker = new Worker(new URL('load.worker.js', import.meta.url));
  return {
    async run(order) {
      // A worker that fails emits `error`, which `once` turns into a rejection.
      const answered = once(worker, 'message') as Promise<[{ slice: Slice } | { fault: string }]>;
      worker.postMessage(order, []);
      const [message] = await answered;
      if ('fault' in message) throw new Error(message.fault);
      return message.slice;
    },
    close: async () => void (await worker.terminate()),
  };
}
