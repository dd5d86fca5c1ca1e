import { createHmac } from 'node:crypto';

/** Carries the signatures: `t=<seconds since 1970>,v1=<64 hex digits>`, with a `v1` for each secret that is good. */
export const signatureHeader = 'runam-signature';

/** The secrets of endpoints; none is kept anywhere. */
export interface WebhookSecrets {
  /** The `seq`th secret of an endpoint, counted from 1. */
  secretOf(endpointId: string, seq: number): string;
}

/**
 * Derives each secret from one key: whoever reads the database learns none. Another key makes every secret another one.
 * @param key at least 32 characters
 */
export function createWebhookSecrets(key: string): WebhookSecrets {
  const derived = createHmac('sha256', key).update('runam webhook secrets').digest();
  return {
    secretOf: (endpointId, seq) =>
      `whsec_${createHmac('sha256', derived).update(`${endpointId}.${seq}`).digest('base64url')}`,
  };
}

/** The header for a body: HMAC-SHA-256 of `t.body` in hex, as Stripe signs. */
export function signatureOf(body: string, secrets: readonly string[], now: Date): string {
  const t = Math.floor(now.getTime() / 1000);
  const signatures = secrets.map((secret) => `v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`);
  return [`t=${t}`, ...signatures].join(',');
}
