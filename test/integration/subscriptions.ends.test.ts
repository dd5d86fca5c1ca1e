import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { SignOutDocument, SuspendUserDocument } from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { join, openMarket, post, type Person } from '../support/market.js';
import { joinAs } from '../support/staff.js';
import { createStoryClock, minuteMs } from '../support/stories.js';
import {
  subscribeByEvents,
  subscribeByWebsocket,
  type Subscribed,
  type SubscribeOptions,
} from '../support/subscriber.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const env = { CACHE_ENABLED: 'false', SUBSCRIPTION_VIEWER_CHECK_MS: '50' };
const patience = { timeout: 45_000, interval: 20 };

let app: TestApp;
let tenantId: string;
let customer: Person;
const running: Subscribed[] = [];

beforeAll(async () => {
  app = await startTestApp({ env });
  tenantId = await openMarket(app.app.db);
  customer = await join(app.client, 'CUSTOMER');
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});
afterAll(() => app.close());

type Way = (options: SubscribeOptions) => Subscribed;

function subscribe(way: Way, server: TestApp, client: GraphqlClient, query: string, variables = {}): Subscribed {
  const subscribed = way({ url: server.url, query, variables, headers: client.headers });
  running.push(subscribed);
  return subscribed;
}

/** What it was told: with its connection (4403), or with an event that came just before that. */
function turnedAway({ errors }: Subscribed): string | undefined {
  const [said] = errors as readonly {
    code?: number;
    reason?: string;
    message?: string;
    extensions?: { code: string };
  }[];
  if (said?.extensions?.code === 'UNAUTHENTICATED') return said.message;
  return said?.code === 4403 ? said.reason : undefined;
}

/** Posts until each has heard of one: from then on they are subscribed. */
async function begun(streams: readonly Subscribed[]): Promise<void> {
  for (let rounds = 0; rounds < 100 && streams.some(({ seen }) => seen.length === 0); rounds += 1) await post(customer);
}

describe('a subscription', () => {
  it('is held to the limits of every document, and takes no query or mutation', async () => {
    const deep = `subscription { errandPosted { ${'escrow { errand { '.repeat(8)} id ${'} }'.repeat(8)} } }`;
    for (const [query, code] of [
      [deep, 'GRAPHQL_VALIDATION_FAILED'],
      ['subscription { errandPosted { nothing } }', 'GRAPHQL_VALIDATION_FAILED'],
      ['subscription {', 'GRAPHQL_PARSE_FAILED'],
      ['query { me { id } }', 'BAD_INPUT'],
      ['subscription { errandChanged(id: 1.5) { id } }', 'GRAPHQL_VALIDATION_FAILED'],
    ] as const) {
      const stream = subscribe(subscribeByWebsocket, app, app.client, query);
      await stream.ends();
      expect(stream.errors[0], query).toMatchObject({ extensions: { code } });
      const response = await fetch(`${app.url}/graphql/stream?query=${encodeURIComponent(query)}`);
      expect([response.status, await response.json()]).toMatchObject([400, { errors: [{ extensions: { code } }] }]);
    }
  });

  it('ends when the token of who subscribed expires, when they sign out or are suspended, and when the server closes', async () => {
    const clock = createStoryClock(new Date().toISOString());
    const server = await startTestApp({ env, clock, database: app.database });
    const query = 'subscription { errandPosted { id } }';
    const both = (client: GraphqlClient) =>
      [subscribeByWebsocket, subscribeByEvents].map((way) => subscribe(way, server, client, query));
    const leaver = await join(server.client, 'CUSTOMER');
    const ended = both(leaver.client);
    await begun(ended);
    await leaver.client.get(SignOutDocument, {});
    for (const stream of ended) await stream.ends();
    expect(turnedAway(ended[0]!)).toBe('This session has ended: sign in again.');

    const suspect = await join(server.client, 'CUSTOMER');
    const suspended = both(suspect.client);
    await begun(suspended);
    const admin = await joinAs(server.app.db, server.client, tenantId, 'ADMIN');
    await admin.client.get(SuspendUserDocument, { userId: suspect.id, reason: 'A test.' });
    for (const stream of suspended) await stream.ends();
    // Both are so: suspending ends the sessions, and whichever is seen first is told.
    expect(turnedAway(suspended[0]!)).toMatch(/is suspended|session has ended/);

    const idler = await join(server.client, 'CUSTOMER');
    const expired = both(idler.client);
    await begun(expired);
    clock.forward(11 * minuteMs);
    for (const stream of expired) await stream.ends();
    expect(turnedAway(expired[0]!)).toContain('expired');

    const open = both(server.client);
    await begun(open);
    await server.close();
    for (const stream of open) await stream.ends();
    expect(open[0]!.errors).toMatchObject([{ code: 1001 }]);
  });

  it('counts against the requests that one client may make in a minute, also over a connection that stays', async () => {
    const strict = await startTestApp({ env: { ...env, RATE_LIMIT_PER_MINUTE: '5' }, database: app.database });
    const socket = new WebSocket(`${strict.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const said: { readonly type: string; readonly payload?: readonly { readonly extensions: { code: string } }[] }[] =
      [];
    socket.on('message', (data: Buffer) => void said.push(JSON.parse(data.toString()) as (typeof said)[number]));
    const say = (message: object) => void socket.send(JSON.stringify(message));
    await once(socket, 'open');
    say({ type: 'connection_init' });
    await vi.waitFor(() => expect(said).toMatchObject([{ type: 'connection_ack' }]), patience);
    for (let id = 0; id < 12; id += 1) say({ id: String(id), type: 'subscribe', payload: { query: '{ me { id } }' } });
    const codes = () => said.slice(1).map(({ payload }) => payload?.[0]?.extensions.code);
    await vi.waitFor(() => expect(codes()).toHaveLength(12), patience);
    // At most two minutes begin meanwhile.
    expect(codes().filter((code) => code === 'RATE_LIMITED').length).toBeGreaterThanOrEqual(2);
    expect(codes()).toContain('BAD_INPUT');
    socket.terminate();
    await strict.close();
  });

  it('is refused beyond the connections that one viewer may have, and the place comes back', async () => {
    const small = await startTestApp({
      env: { ...env, SUBSCRIPTION_CONNECTIONS_PER_VIEWER_MAX: '1' },
      database: app.database,
    });
    const query = 'subscription { errandPosted { id } }';
    const first = subscribe(subscribeByEvents, small, customer.client, query);
    for (let rounds = 0; rounds < 100 && first.seen.length === 0; rounds += 1) await post(customer);
    const second = subscribe(subscribeByWebsocket, small, customer.client, query);
    await second.ends();
    expect(second.errors).toMatchObject([{ code: 1013 }]);
    await first.stop();
    const again = async () => {
      const third = subscribe(subscribeByWebsocket, small, customer.client, query);
      for (let rounds = 0; rounds < 100 && !third.isOver && third.seen.length === 0; rounds += 1) await post(customer);
      expect(third.seen.length).toBeGreaterThan(0);
    };
    await vi.waitFor(again, patience);
    await small.close();
  });
});
