export * from './config.js';
export type { CacheAlias } from './cache-aliases.js';
export type { CachedType } from './cached-types.js';
export { type Env, loadEnv } from './env.js';
export { envExample } from './example.js';
export { ensureJwtSecret } from './jwt-secret.js';
export { ensurePayoutKeys } from './payout-keys.js';
