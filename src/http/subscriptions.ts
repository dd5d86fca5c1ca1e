import type { FastifyInstance } from 'fastify';
import { addEventStream } from './event-stream.js';
import { createSeats } from './seats.js';
import type { SubscriptionsDoorOptions } from './subscriptions.door.js';
import { addWebsocket } from './websocket.js';

/** WebSockets at `path`, event streams at `path`/stream. */
export function addSubscriptions(app: FastifyInstance, options: Omit<SubscriptionsDoorOptions, 'seats'>): void {
  const { connectionsMax: max, connectionsPerViewerMax: perViewerMax } = options;
  if (max === 0) return;
  const seats = createSeats({ max, perViewerMax });
  addWebsocket(app, { ...options, seats });
  addEventStream(app, { ...options, seats });
}
