import { randomBytes } from 'node:crypto';
import { silentLogger, type Clock, type Logger } from '../../kernel/index.js';
import { send, serve, type HttpHandler } from './http.serve.js';
import { createSandboxBook, type BookFees, type SandboxBook } from './sandbox.book.js';
import { createSandboxHandler } from './sandbox.handler.js';
import type { BookLine } from './sandbox.lines.js';
import { createWebhookSender, type Webhook, type WebhookPost } from './webhook.post.js';
import { hmac } from './webhook.signature.js';

export interface SandboxServerOptions {
  readonly clock: Clock;
  /** JSON lines that the book lasts in; processes of one machine may share it. Default: in memory. */
  readonly bookFile?: string | undefined;
  /** TCP port on loopback. Default 0: any free one. */
  readonly port?: number | undefined;
  /** What callers show as a bearer. Default: made at random. */
  readonly key?: string | undefined;
  /** Signs its webhooks. Default: made at random. */
  readonly webhookSecret?: string | undefined;
  /** Where its webhooks go. Default: nowhere, until `sendWebhooksTo`. */
  readonly webhookUrl?: string | undefined;
  /** Pause before a webhook's first repetition; in milliseconds. Default 1,000. */
  readonly webhookRetryMs?: number | undefined;
  /** Sends the webhooks; for losing some on purpose. Default: an HTTP POST. */
  readonly webhookPost?: WebhookPost | undefined;
  readonly fees?: BookFees | undefined;
  readonly logger?: Logger | undefined;
}

export interface SandboxServer {
  readonly url: string;
  readonly key: string;
  readonly webhookSecret: string;
  /** To look into and to drive without HTTP. */
  readonly book: SandboxBook;
  /** What it answers with; to be put behind another front. */
  readonly handle: HttpHandler;
  sendWebhooksTo(url: string | undefined): void;
  close(): Promise<void>;
}

/** How often the book looks whether something is due; in milliseconds. */
const tickEveryMs = 1_000;

/** A payment provider of ours: a real HTTP server on loopback with a book of its own. No real money moves. */
export async function createSandboxServer(options: SandboxServerOptions): Promise<SandboxServer> {
  const { clock, logger = silentLogger, key = secret(), webhookSecret = secret() } = options;
  const sender = createWebhookSender({ logger, post: options.webhookPost, retryMs: options.webhookRetryMs });
  sender.sendTo(options.webhookUrl);
  const book = createSandboxBook({
    clock,
    file: options.bookFile,
    fees: options.fees,
    onLine(line) {
      const webhook = webhookOf(line, webhookSecret);
      if (webhook) sender.send(webhook);
    },
  });
  const handle = createSandboxHandler({ book, key });
  const service = await serve(async (request, response) => send(response, await handle(request)), options.port);
  const ticking = setInterval(() => {
    try {
      book.tick();
    } catch (error) {
      logger.error({ err: error }, "the sandbox's book could not be kept");
    }
  }, tickEveryMs);
  ticking.unref();
  return {
    url: service.url,
    key,
    webhookSecret,
    book,
    handle,
    sendWebhooksTo: (url) => sender.sendTo(url),
    async close() {
      clearInterval(ticking);
      await service.close();
      await sender.close();
    },
  };
}

/** Signed with HMAC-SHA512 of the body, in hex. Nothing is told of what only began. */
export function webhookOf(line: BookLine, webhookSecret: string): Webhook | undefined {
  if (line.type === 'charge.created' || line.type === 'transfer.created' || line.type === 'transfer.confirmed')
    return undefined;
  const { id, type, at, ...data } = line;
  const body = JSON.stringify({ id, event: type, at, data });
  return { headers: { 'x-sandbox-signature': hmac('sha512', webhookSecret, body, 'hex') }, body };
}

function secret(): string {
  return randomBytes(24).toString('hex');
}
