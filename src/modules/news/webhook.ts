import type { WebhookDelivery, WebhookDeliveryState, WebhookEndpoint, WebhookEndpointState } from '../../db/index.js';

export type { WebhookDelivery, WebhookDeliveryState, WebhookEndpoint, WebhookEndpointState };

export const webhookEndpointStates = ['ACTIVE', 'PAUSED'] as const satisfies readonly WebhookEndpointState[];
export const webhookDeliveryStates = [
  'PENDING',
  'DELIVERED',
  'DEAD',
] as const satisfies readonly WebhookDeliveryState[];

export interface NewWebhookEndpoint {
  readonly url: string;
  readonly topics: readonly string[];
}

export interface WebhookEndpointPatch {
  readonly url?: string | null | undefined;
  readonly topics?: readonly string[] | null | undefined;
  readonly state?: WebhookEndpointState | null | undefined;
}

export interface DeliveriesArgs {
  readonly endpointId: string;
  readonly state?: WebhookDeliveryState | null | undefined;
  /** 1 to 100. Default 20. */
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

export interface EndpointWithSecret {
  readonly endpoint: WebhookEndpoint;
  /** Shown this once. */
  readonly secret: string;
}
