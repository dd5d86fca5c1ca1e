import type { Config } from './config/index.js';
import type { Db } from './db/index.js';
import type { Services } from './graphql/index.js';
import type { Clock, Logger } from './kernel/index.js';
import {
  createLiveNews,
  createNewsRounds,
  createNotificationService,
  createWebhookPost,
  createWebhookSecrets,
  createWebhookService,
  type NewsRounds,
} from './modules/news/index.js';

export interface NewsOptions {
  readonly config: Pick<Config, 'isProduction' | 'news'>;
  readonly jwtSecret: string;
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface News {
  readonly services: Pick<Services, 'liveNews' | 'notifications' | 'webhooks'>;
  readonly rounds: NewsRounds;
}

/** The readers of the outbox: subscriptions, notifications and webhooks to others. */
export function createNews({ config: { isProduction, news }, jwtSecret, db, clock, logger }: NewsOptions): News {
  const reach = { isOpen: !isProduction };
  const secrets = createWebhookSecrets(news.webhookKey ?? jwtSecret);
  const kept = { giveUpAfterMs: news.giveUpAfterS * 1000, retentionMs: news.retentionS * 1000 };
  const post = createWebhookPost(reach);
  return {
    services: {
      liveNews: createLiveNews({ db, logger }),
      notifications: createNotificationService({ db, clock }),
      webhooks: createWebhookService({ db, clock, secrets, reach, ...kept }),
    },
    rounds: createNewsRounds({ db, clock, logger, secrets, post, ...kept }),
  };
}
