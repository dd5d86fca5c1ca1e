import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { keepSecret } from './secret-file.js';

/**
 * The secret that signs access tokens: the configured one, else one that is made once and kept in the data folder for
 * the owner's eyes only, so that sessions outlive a restart. Processes that start at once agree on one.
 * @throws ConfigError when the data folder cannot be written
 */
export async function ensureJwtSecret({
  dataDir,
  jwtSecret,
}: {
  readonly dataDir: string;
  readonly jwtSecret: string | undefined;
}): Promise<string> {
  if (jwtSecret !== undefined) return jwtSecret;
  return keepSecret(join(dataDir, 'jwt-secret'), () => randomBytes(48).toString('base64url'), 'JWT_SECRET');
}
