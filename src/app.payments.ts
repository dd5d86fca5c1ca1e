import { randomBytes } from 'node:crypto';
import type { Config } from './config/index.js';
import type { Clock, Logger } from './kernel/index.js';
import {
  createSandboxServer,
  providerFrom,
  type PaymentProvider,
  type SandboxServer,
} from './modules/providers/index.js';

export interface PaymentsDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of a sandbox in this process. Default: in memory. */
  readonly bookFile?: string | undefined;
}

export interface Payments {
  /** Undefined: money neither comes in nor goes out. A sandbox in this process starts when it is first spoken to. */
  readonly provider: PaymentProvider | undefined;
  /**
   * Starts a sandbox in this process, where that is the provider, so that it can be driven by hand.
   * @param webhookUrl where it sends its webhooks. Default: nowhere
   */
  open(webhookUrl?: string): Promise<void>;
  close(): Promise<void>;
}

/** The provider that the configuration names, and the sandbox behind it when that runs in this process. */
export function createPayments({ config, clock, logger, bookFile }: PaymentsDeps): Payments {
  const chosen = config.payments.provider;
  if (chosen?.name !== 'sandbox')
    return { provider: chosen && providerFrom(chosen), async open() {}, async close() {} };
  const { name, timeoutMs, baseUrl, secretKey: key = secret(), webhookSecret = secret() } = chosen;
  let server: Promise<SandboxServer> | undefined;
  const start = () => (server ??= createSandboxServer({ clock, logger, bookFile, key, webhookSecret }));
  const here = async () => (await start()).url;
  return {
    provider: providerFrom({ name, timeoutMs, secretKey: key, webhookSecret, baseUrl: baseUrl ?? here }),
    async open(webhookUrl) {
      if (baseUrl !== undefined) return;
      const sandbox = await start();
      sandbox.sendWebhooksTo(webhookUrl);
      logger.info({}, `the sandbox payment provider is at ${sandbox.url}: no real money moves`);
    },
    close: async () => void (await (await server)?.close()),
  };
}

function secret(): string {
  return randomBytes(24).toString('hex');
}
