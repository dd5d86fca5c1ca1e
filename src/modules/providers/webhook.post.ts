import type { Logger } from '../../kernel/index.js';

/** A webhook ready to be sent; the body is what was signed, byte by byte. */
export interface Webhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends one. @returns false when it was not taken, so that it is worth another try */
export type WebhookPost = (url: string, webhook: Webhook) => Promise<boolean>;

export interface WebhookSenderDeps {
  readonly logger: Logger;
  /** Default: an HTTP POST that waits 5 s for an answer. */
  readonly post?: WebhookPost | undefined;
  /** Pause before the first repetition, doubled each time; in milliseconds. Default 1,000. */
  readonly retryMs?: number | undefined;
}

export interface WebhookSender {
  /** Where they go; undefined: nowhere, and what happens meanwhile is not told later. */
  sendTo(url: string | undefined): void;
  /** Does not wait for it to arrive. */
  send(webhook: Webhook): void;
  /** Drops what is still waiting to be repeated. */
  close(): Promise<void>;
}

const attemptsMax = 6;
const answerMsMax = 5_000;

/** Tries six times with pauses that double. A webhook that never arrives is lost, as with any provider. */
export function createWebhookSender({ logger, post = postWebhook, retryMs = 1_000 }: WebhookSenderDeps): WebhookSender {
  let url: string | undefined;
  const closing = new AbortController();
  const running = new Set<Promise<void>>();
  return {
    sendTo: (next) => void (url = next),
    send(webhook) {
      if (url === undefined || closing.signal.aborted) return;
      const attempt: Promise<void> = deliver(url, webhook)
        .catch((error: unknown) => logger.error({ err: error }, 'a webhook of the sandbox could not be sent'))
        .finally(() => running.delete(attempt));
      running.add(attempt);
    },
    async close() {
      closing.abort();
      await Promise.all(running);
    },
  };

  async function deliver(target: string, webhook: Webhook): Promise<void> {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      if (await post(target, webhook)) return;
      if (closing.signal.aborted) return;
      if (attempt < attemptsMax) await pause(retryMs * 2 ** (attempt - 1), closing.signal);
    }
    logger.warn({ attempts: attemptsMax }, 'a webhook of the sandbox was not taken');
  }
}

/** @returns whether the answer was 2xx */
export async function postWebhook(url: string, { headers, body }: Webhook): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      signal: AbortSignal.timeout(answerMsMax),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // Nobody there, or no answer in time: the sender tries again and says so in the end.
    return false;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done, { once: true });
  });
}
