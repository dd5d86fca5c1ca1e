import { performance } from 'node:perf_hooks';
import { parentPort } from 'node:worker_threads';
import { openConnection, type HttpAnswer, type HttpConnection } from './http-connection.js';
import { counterMark, type Slice, type SliceOrder } from './slice.type.js';

/** Puts load on a server from a thread of its own; answers each order with a slice, or with what went wrong. */
parentPort?.on('message', (order: SliceOrder) => {
  runSlice(order).then(
    (slice) => parentPort?.postMessage({ slice }, [slice.latenciesMs.buffer as ArrayBuffer]),
    (error: unknown) => parentPort?.postMessage({ fault: String(error) }, []),
  );
});

interface Tally {
  readonly latenciesMs: number[];
  hits: number;
}

async function runSlice(order: SliceOrder): Promise<Slice> {
  const url = new URL(order.url);
  const connections = await Promise.all(Array.from({ length: order.connections }, () => openConnection(url)));
  const tally: Tally = { latenciesMs: [], hits: 0 };
  const before = performance.eventLoopUtilization();
  const startedMs = performance.now();
  try {
    await Promise.all(connections.map((connection, index) => keepAsking(connection, index, order, startedMs, tally)));
  } finally {
    for (const connection of connections) connection.close();
  }
  return {
    elapsedMs: performance.now() - startedMs,
    latenciesMs: Float64Array.from(tally.latenciesMs),
    hits: tally.hits,
    generatorLoad: performance.eventLoopUtilization(before).utilization,
  };
}

async function keepAsking(
  connection: HttpConnection,
  index: number,
  order: SliceOrder,
  startedMs: number,
  tally: Tally,
): Promise<void> {
  const nextRequest = createRequests(order, index);
  const expected = order.expected === undefined ? undefined : Buffer.from(order.expected);
  for (let sentMs = performance.now(); sentMs - startedMs < order.durationMs; sentMs = performance.now()) {
    const answer = await connection.ask(nextRequest());
    tally.latenciesMs.push(performance.now() - sentMs);
    assertRight(answer, expected);
    if (isHit(answer.head)) tally.hits += 1;
  }
}

/** The bytes are made once, unless each request has to differ. */
function createRequests({ url, bodies, headers }: SliceOrder, index: number): () => Buffer {
  const body = bodies[index % bodies.length] ?? '';
  const request = Buffer.from(requestText(new URL(url), headers, body));
  const counterAt = request.indexOf(counterMark);
  if (counterAt < 0) return () => request;
  let count = Math.floor(performance.timeOrigin + performance.now()) % 10 ** counterMark.length;
  return () => {
    count = (count + 1) % 10 ** counterMark.length;
    request.write(String(count).padStart(counterMark.length, '0'), counterAt, 'latin1');
    return request;
  };
}

function requestText(url: URL, headers: Readonly<Record<string, string>>, body: string): string {
  const given = { 'content-type': 'application/json', accept: 'application/json', ...headers };
  const lines = Object.entries(given).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** A fast wrong answer is no result. */
function assertRight({ status, body }: HttpAnswer, expected: Buffer | undefined): void {
  const isRight = status === 200 && (expected ? body.equals(expected) : !body.includes('"errors"'));
  if (!isRight)
    throw new Error(`an answer is not the one that was asked for (status ${status}): ${body.subarray(0, 300)}`);
}

function isHit(head: string): boolean {
  return head.includes('RunAm; hit;') && !head.includes('fwd=');
}
