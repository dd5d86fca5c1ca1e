export type { BankType } from '../../db/index.js';
export { bankTypes, type BankCountry, type BankListing } from './bank.js';
export { bankIdOf } from './bank.plan.js';
export { importBanks, readBankDirectory, type BankImportReport } from './bank.import.js';
export { createBankService, type BankQuery, type BankService, type BankServiceDeps } from './bank.service.js';
export { parseBankDirectory, type BankDirectory } from './bank.source.js';
