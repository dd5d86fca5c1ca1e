export {
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
