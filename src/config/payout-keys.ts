import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ConfigError, type Config, type PayoutKeyConfig } from './config.js';
import { keyList } from './kinds.js';
import { keepSecret } from './secret-file.js';

/**
 * The keys of account numbers: the configured ones, else one that is made once and kept in the data folder. In production
 * there is none unless it is set, because a key that is lost with a disk takes every account number with it.
 * @throws ConfigError when the data folder cannot be written, or holds something else
 */
export async function ensurePayoutKeys({
  dataDir,
  isProduction,
  payouts,
}: Pick<Config, 'dataDir' | 'isProduction' | 'payouts'>): Promise<readonly PayoutKeyConfig[] | undefined> {
  if (payouts.keys || isProduction) return payouts.keys;
  const file = join(dataDir, 'payout-key');
  const kept = await keepSecret(file, () => `local:${randomBytes(32).toString('base64')}`, 'PAYOUT_ENCRYPTION_KEY');
  const parsed = keyList.schema.safeParse(kept);
  if (parsed.success) return parsed.data;
  throw new ConfigError([
    { variable: 'PAYOUT_ENCRYPTION_KEY', message: `${file} holds none; takes ${keyList.takes}.` },
  ]);
}
