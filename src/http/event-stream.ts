import type { ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asked, SubscriberFacts } from '../graphql/index.js';
import { AppError, badInput } from '../kernel/index.js';
import { countedAs, type SubscriptionsDoorOptions } from './subscriptions.door.js';

const pingEveryMs = 12_000;

/**
 * GraphQL over Server-Sent Events, distinct connections mode (graphql-sse, PROTOCOL.md): each request is one subscription,
 * its answer the stream. Written here rather than by that library, whose buffer has no bound: a client that does not read
 * would fill the memory.
 */
export function addEventStream(app: FastifyInstance, options: SubscriptionsDoorOptions): void {
  const open = new Set<() => void>();
  app.route({
    method: ['GET', 'POST'],
    url: `${options.path}/stream`,
    handler: (request, reply) => answer(request, reply, options, open),
  });
  app.addHook('preClose', async () => {
    for (const end of open) end();
  });
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { subscriptions, seats }: SubscriptionsDoorOptions,
  open: Set<() => void>,
): Promise<FastifyReply> {
  const { raw } = reply;
  const subscriber = subscriberOf(request, raw);
  const viewer = await subscriptions.identify(subscriber);
  const prepared = await subscriptions.prepare(askedOf(request), subscriber);
  if (!('schema' in prepared)) return reply.code(400).send(subscriptions.present(prepared, request.id));
  const giveBack = seats.take(countedAs(viewer, request.ip));
  if (!giveBack) throw new AppError('RATE_LIMITED', 'Too many connections with subscriptions.', { retryable: true });
  try {
    const result = await subscriptions.subscribe(prepared);
    const answers = Symbol.asyncIterator in result ? result : onlyAnswer(result);
    reply.hijack();
    writeHead(reply);
    await send(raw, answers, open, (end) => subscriptions.watch(subscriber, end));
  } finally {
    giveBack();
  }
  return reply;
}

function writeHead(reply: FastifyReply): void {
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Readonly<Record<string, string>>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    // The connection is no more use behind the stream, and a server that closes would wait for it.
    connection: 'close',
  });
  // Some browsers take the answer for begun only when there is something in it.
  raw.write(':\n\n');
}

/** Resolves when the stream has ended, whoever ended it. */
async function send(
  raw: ServerResponse,
  answers: AsyncGenerator<ExecutionResult, void, undefined>,
  open: Set<() => void>,
  watch: (end: () => void) => () => void,
): Promise<void> {
  const end = (): void => void answers.return();
  open.add(end);
  raw.once('close', end);
  if (raw.destroyed) end();
  const ping = setInterval(() => raw.writableLength === 0 && raw.write(':\n\n'), pingEveryMs);
  const unwatch = watch(end);
  try {
    for await (const one of answers) await write(raw, 'next', JSON.stringify(one));
    await write(raw, 'complete', '');
  } finally {
    unwatch();
    clearInterval(ping);
    open.delete(end);
    raw.end();
  }
}

async function* onlyAnswer(result: ExecutionResult): AsyncGenerator<ExecutionResult, void, undefined> {
  yield result;
}

/** Resolves when what was written has left, or never will: so a slow reader holds up its own stream, not the memory. */
async function write(raw: ServerResponse, event: 'next' | 'complete', data: string): Promise<void> {
  if (raw.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      raw.off('close', done);
      resolve();
    };
    raw.once('close', done);
    raw.write(`event: ${event}\ndata: ${data}\n\n`, done);
  });
}

function subscriberOf({ headers, id }: FastifyRequest, raw: ServerResponse): SubscriberFacts {
  const { authorization, 'user-agent': userAgent, 'x-runam-tenant': tenant } = headers;
  return {
    authorization,
    tenant: typeof tenant === 'string' ? tenant : undefined,
    requestId: id,
    userAgent,
    cut: () => raw.destroy(),
  };
}

function askedOf({ method, query, body }: FastifyRequest): Asked {
  if (method !== 'GET') return (body ?? {}) as Asked;
  const { variables, ...asked } = query as Readonly<Record<string, string | undefined>>;
  if (variables === undefined) return asked;
  try {
    return { ...asked, variables: JSON.parse(variables) as unknown };
  } catch {
    throw badInput('variables', 'takes JSON.');
  }
}
