export { newsTopics } from './news.topics.js';
export type { ErrandNews } from './news.event.js';
export { publishNews } from './news.publish.js';
export { sweepNews } from './news.sweep.js';
export { createNewsRounds, type NewsRounds } from './news.rounds.js';
export { recipientsOf } from './notification.recipients.js';
export {
  createNotificationService,
  notificationCursor,
  type Notification,
  type NotificationsArgs,
  type NotificationService,
} from './notification.service.js';
export { createLiveNews, type LiveNews, type Unfollow } from './live.js';
export type { LiveNotification } from './live.sources.js';
export { createWebhookPost, type WebhookPost, type WebhookRequest } from './webhook.post.js';
export { isPublicAddress } from './webhook.address.js';
export { pauseAfterMs } from './webhook.backoff.js';
export { sendDueWebhooks } from './webhook.send.js';
export { createWebhookSecrets, type WebhookSecrets } from './webhook.signature.js';
export { webhookDeliveryStates, webhookEndpointStates, type WebhookDelivery, type WebhookEndpoint } from './webhook.js';
export { createWebhookService, deliveryCursor, type WebhookService } from './webhook.service.js';
