import { postWebhook, type Webhook, type WebhookPost } from './webhook.post.js';

/** What becomes of one webhook on its way. `hold` keeps it until it is let go: late, and in any order. */
export type WebhookFate = 'deliver' | 'lose' | 'twice' | 'hold';

export interface LossyWebhooks {
  /** For `webhookPost` of the sandbox server. */
  readonly post: WebhookPost;
  /** How many are held. */
  held(): number;
  /** Delivers what is held; the order is by the index they were held at. Default: newest first. */
  letGo(order?: (indexes: readonly number[]) => readonly number[]): Promise<void>;
}

/** Loses, doubles, delays and reorders webhooks as the plan says; `nth` counts them from 1. */
export function createLossyWebhooks(
  plan: (nth: number, webhook: Webhook) => WebhookFate,
  post: WebhookPost = postWebhook,
): LossyWebhooks {
  let count = 0;
  let waiting: { readonly url: string; readonly webhook: Webhook }[] = [];
  return {
    async post(url, webhook) {
      count += 1;
      const fate = plan(count, webhook);
      // What is lost or late counts as taken: the sender does not know better.
      if (fate === 'lose') return true;
      if (fate === 'hold') return waiting.push({ url, webhook }) > 0;
      const isTaken = await post(url, webhook);
      return fate === 'twice' ? (await post(url, webhook)) && isTaken : isTaken;
    },
    held: () => waiting.length,
    async letGo(order = (indexes) => indexes.toReversed()) {
      const sent = waiting;
      waiting = [];
      for (const index of order([...sent.keys()])) {
        const late = sent[index];
        if (late) await post(late.url, late.webhook);
      }
    },
  };
}
