export {
  callsAtMost,
  providerNames,
  type AccountReport,
  type AccountRequest,
  type BookItem,
  type ChargeReport,
  type ChargeRequest,
  type PaymentProvider,
  type ProviderName,
  type TransferReport,
  type TransferRequest,
  type WebhookNotice,
} from './provider.port.js';
export { createSandboxServer, type SandboxServer, type SandboxServerOptions } from './sandbox.server.js';
export { createSandboxProvider, type SandboxProviderConfig } from './sandbox.provider.js';
export { magicAccounts, magicAmounts, magicEmails } from './sandbox.magic.js';
export { flutterwaveBanks, type ListedBank } from './flutterwave.banks.js';
export { providerFrom, type ProviderChoice } from './provider.from.js';
export {
  createLossyFront,
  notFoundThenFound,
  type Fault,
  type FaultPlan,
  type LossyFrontOptions,
} from './lossy.front.js';
export { createLossyWebhooks, type LossyWebhooks, type WebhookFate } from './lossy.webhooks.js';
export type { HttpHandler, HttpReply, HttpRequest, HttpService } from './http.serve.js';
export type { SandboxBook } from './sandbox.book.js';
export { appendBookLines, type BookLine } from './sandbox.lines.js';
export type { Webhook, WebhookPost } from './webhook.post.js';
