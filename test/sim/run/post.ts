import type { Webhook } from '../../../src/modules/providers/index.js';

/** Where the provider's webhooks end up: nothing of it arrives anywhere by itself. */
export interface PostBox {
  put(webhook: Webhook): void;
  /** Takes out all that waits, oldest first. */
  empty(): Webhook[];
  /** What has been put in lately, oldest first, for saying it again. */
  readonly lately: readonly Webhook[];
}

const keptMax = 300;

export function createPostBox(): PostBox {
  const waiting: Webhook[] = [];
  const lately: Webhook[] = [];
  return {
    lately,
    put(webhook) {
      waiting.push(webhook);
      lately.push(webhook);
      if (lately.length > keptMax) lately.shift();
    },
    empty: () => waiting.splice(0),
  };
}
