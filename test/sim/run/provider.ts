import type { Clock } from '../../../src/kernel/index.js';
import {
  createLossyFront,
  createSandboxProvider,
  createSandboxServer,
  type Fault,
  type PaymentProvider,
  type SandboxBook,
} from '../../../src/modules/providers/index.js';
import type { Random } from '../../../src/seed/random.js';
import { createPostBox, type PostBox } from './post.js';

/** A payment provider with a book of its own, behind a line that does it no credit. */
export interface LossyProvider {
  /** What a server needs to know of it. */
  readonly env: Readonly<Record<string, string>>;
  readonly book: SandboxBook;
  /** What it tells by webhook. */
  readonly post: PostBox;
  /** Speaks to it over the same bad line. */
  readonly provider: PaymentProvider;
  /** From now on nothing goes wrong. */
  heal(): void;
  close(): Promise<void>;
}

export interface LossyProviderOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly onFault: (fault: Fault) => void;
}

/** How often out of a hundred requests goes wrong what; the rest goes well. */
const shares: readonly (readonly [percent: number, fault: Fault])[] = [
  [6, 'dropBefore'],
  [7, 'dropAfterEffect'],
  [5, 'failBefore'],
  [7, 'failAfterEffect'],
  [1, 'slow'],
  [5, 'garbage'],
  [3, 'notFound'],
];
const timeoutMs = 1_000;

export async function startProvider({ clock, random, onFault }: LossyProviderOptions): Promise<LossyProvider> {
  const post = createPostBox();
  const sandbox = await createSandboxServer({
    clock,
    webhookUrl: 'http://post.box.invalid',
    async webhookPost(_url, webhook) {
      post.put(webhook);
      return true;
    },
  });
  let isHealed = false;
  const front = await createLossyFront({
    handle: sandbox.handle,
    plan({ method, path }) {
      // Reconciliation is held against what the book says, not against what is left of it on a bad line.
      if (isHealed || path === '/book') return 'none';
      const fault = draw(random);
      // "Not found" is an answer to a question only.
      if (fault === 'none' || (fault === 'notFound' && method !== 'GET')) return 'none';
      onFault(fault);
      return fault;
    },
  });
  const { key, webhookSecret } = sandbox;
  return {
    env: {
      PAYMENT_PROVIDER: 'sandbox',
      SANDBOX_URL: front.url,
      SANDBOX_KEY: key,
      SANDBOX_WEBHOOK_SECRET: webhookSecret,
      PAYMENT_TIMEOUT_MS: String(timeoutMs),
    },
    book: sandbox.book,
    post,
    provider: createSandboxProvider({ baseUrl: front.url, secretKey: key, webhookSecret, timeoutMs }),
    heal: () => void (isHealed = true),
    async close() {
      await front.close();
      await sandbox.close();
    },
  };
}

function draw(random: Random): Fault {
  let drawn = random.int(0, 99);
  for (const [percent, fault] of shares) {
    drawn -= percent;
    if (drawn < 0) return fault;
  }
  return 'none';
}
