import type { Subscriptions } from '../graphql/index.js';
import type { Logger, Viewer } from '../kernel/index.js';
import type { Seats } from './seats.js';

export interface SubscriptionsDoor {
  readonly subscriptions: Subscriptions;
  /** Connections of this process. 0: there is no door. */
  readonly connectionsMax: number;
  readonly connectionsPerViewerMax: number;
}

export interface SubscriptionsDoorOptions extends SubscriptionsDoor {
  readonly seats: Seats;
  readonly path: string;
  readonly bodyLimitBytes: number;
  readonly trustProxy: number;
  readonly logger: Logger;
}

/** Whose connections are counted together. */
export function countedAs(viewer: Viewer, address: string): string {
  return viewer.kind === 'user' ? viewer.userId : address;
}
