import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { parentPort } from 'node:worker_threads';
import { openConnection, type HttpConnection } from '../load/http-connection.js';
import { bodyOf, isOfRunner, roadSteps, type RoadIds } from './documents.js';
import type { LanePeople, RoadOrder, RoadSlice } from './road.type.js';

/** Walks lanes along the main road from a thread of its own; answers each order with a slice, or with what went wrong. */
parentPort?.on('message', (order: RoadOrder) => {
  walk(order).then(
    (slice) => parentPort?.postMessage({ slice }, []),
    (error: unknown) => parentPort?.postMessage({ fault: String(error) }, []),
  );
});

/** Where a lane is on its road. */
interface Place {
  nth: number;
  ids: RoadIds;
}

const nowhere: RoadIds = { errandId: '', offerId: '' };
const places = new Map<string, Place[]>();

async function walk(order: RoadOrder): Promise<RoadSlice> {
  const connections = await Promise.all(order.lanes.map(() => openConnection(new URL(order.url))));
  const calls: RoadSlice['calls'][number][] = [];
  const ofOrder = places.get(order.name) ?? order.lanes.map(() => ({ nth: 0, ids: nowhere }));
  places.set(order.name, ofOrder);
  const before = performance.eventLoopUtilization();
  const startedMs = performance.now();
  try {
    await Promise.all(
      order.lanes.map(async (people, lane) => {
        for (let sentMs = performance.now(); sentMs - startedMs < order.durationMs; sentMs = performance.now()) {
          const step = await callNext(connections[lane]!, order, people, ofOrder[lane]!);
          calls.push({ step, ms: performance.now() - sentMs });
        }
      }),
    );
  } finally {
    for (const connection of connections) connection.close();
  }
  const elapsedMs = performance.now() - startedMs;
  return { elapsedMs, calls, generatorLoad: performance.eventLoopUtilization(before).utilization };
}

interface Answer {
  readonly data?: Readonly<
    Record<string, { readonly errand?: { readonly id: string }; readonly offer?: { readonly id: string } }>
  >;
  readonly errors?: unknown;
}

async function callNext(connection: HttpConnection, order: RoadOrder, people: LanePeople, place: Place) {
  const step = roadSteps[place.nth]!;
  const body = bodyOf(step, place.ids, order.isKeyed ? randomUUID() : undefined);
  const token = isOfRunner(step) ? people.runner : people.customer;
  const { status, body: answered } = await connection.ask(requestOf(order, token, body));
  const text = answered.toString();
  const { data, errors } = JSON.parse(text) as Answer;
  const payload = data?.[step];
  if (status !== 200 || errors !== undefined || !payload)
    throw new Error(`${order.name}, ${step}: ${text.slice(0, 300)}`);
  if (payload.errand && step === 'postErrand') place.ids = { ...place.ids, errandId: payload.errand.id };
  if (payload.offer) place.ids = { ...place.ids, offerId: payload.offer.id };
  place.nth = (place.nth + 1) % roadSteps.length;
  return step;
}

function requestOf({ url, headers }: RoadOrder, token: string, body: string): Buffer {
  const { pathname, host } = new URL(url);
  const given = {
    ...headers,
    'content-type': 'application/json',
    accept: 'application/json',
    authorization: `Bearer ${token}`,
  };
  const lines = Object.entries(given).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
