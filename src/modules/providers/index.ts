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
