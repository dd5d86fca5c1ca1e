import type { Config } from './config/index.js';
import {
  createWebhookPost,
  createWebhookSecrets,
  type WebhookPost,
  type WebhookSecrets,
} from './modules/news/index.js';

/** What webhooks are sent with, and how long things are kept. */
export interface News {
  readonly secrets: WebhookSecrets;
  readonly post: WebhookPost;
  readonly reach: { readonly isOpen: boolean };
  readonly giveUpAfterMs: number;
  readonly retentionMs: number;
}

export interface NewsOptions {
  readonly config: Pick<Config, 'isProduction' | 'news'>;
  readonly jwtSecret: string;
}

export function newsOf({ config: { isProduction, news }, jwtSecret }: NewsOptions): News {
  const reach = { isOpen: !isProduction };
  return {
    secrets: createWebhookSecrets(news.webhookKey ?? jwtSecret),
    post: createWebhookPost(reach),
    reach,
    giveUpAfterMs: news.giveUpAfterS * 1000,
    retentionMs: news.retentionS * 1000,
  };
}
