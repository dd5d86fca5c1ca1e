import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { GraphQLError } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Server, type ServerOptions } from 'graphql-ws';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { SubscriberFacts } from '../graphql/index.js';
import { AppError, invariant, uuidv7, type Logger } from '../kernel/index.js';
import { countedAs, type SubscriptionsDoorOptions } from './subscriptions.door.js';

/** Of one connection. */
interface Extra {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  readonly address: string;
  /** Known once it was let in. */
  subscriber?: SubscriberFacts;
  /** What is to be undone when it closes. */
  readonly undo: (() => void)[];
}

type Params = Readonly<Record<string, unknown>>;

const pingEveryMs = 12_000;
const operationsMax = 20;
/** Bytes that wait for a client; one that lets more come together is cut. */
const waitingBytesMax = 4 * 1024 * 1024;
/** RFC 6455 and IANA's registry; `forbidden` is the protocol's, after which clients ask for a token and come again. */
const closeCodes = { goingAway: 1001, tryAgainLater: 1013, forbidden: 4403 } as const;
/** So long a client has to answer that the server is closing. */
const goodbyeMs = 2_000;
/** Connections that have not said who they are yet, above those that have. */
const newcomersMax = 100;

/** GraphQL over WebSocket (graphql-ws, PROTOCOL.md: graphql-transport-ws), on the same port as everything else. */
export function addWebsocket(app: FastifyInstance, options: SubscriptionsDoorOptions): void {
  const { bodyLimitBytes, connectionsMax, path, trustProxy, logger } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: bodyLimitBytes, handleProtocols });
  const protocol = makeServer<Params, Extra>(protocolOf(options));
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0]?.replace(/\/$/, '') !== path) return refuse(socket, '404 Not Found');
    if (sockets.clients.size >= connectionsMax + newcomersMax) return refuse(socket, '503 Service Unavailable');
    sockets.handleUpgrade(request, socket, head, (opened) =>
      serve(protocol, { socket: opened, request, address: addressOf(request, trustProxy), undo: [] }, logger),
    );
  });
  app.addHook('preClose', async () => {
    for (const socket of sockets.clients) socket.close(closeCodes.goingAway, 'the server is closing');
    sockets.close();
    setTimeout(() => sockets.clients.forEach((socket) => socket.terminate()), goodbyeMs).unref();
  });
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** What the protocol's own messages come to. */
function protocolOf({ subscriptions, seats }: SubscriptionsDoorOptions): ServerOptions<Params, Extra> {
  return {
    async onConnect({ connectionParams = {}, extra }) {
      const { socket, address, undo } = extra;
      const subscriber = subscriberOf(connectionParams, extra);
      try {
        const viewer = await subscriptions.identify(subscriber);
        const giveBack = seats.take(countedAs(viewer, address));
        if (!giveBack) return close(socket, closeCodes.tryAgainLater, 'Too many connections with subscriptions.');
        undo.push(giveBack);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return close(socket, closeCodes.forbidden, error.message);
      }
      undo.push(subscriptions.watch(subscriber, ({ message }) => void close(socket, closeCodes.forbidden, message)));
      // It went while it was looked at.
      if (socket.readyState !== socket.OPEN) undoAll(extra);
      extra.subscriber = subscriber;
      return true;
    },
    async onSubscribe({ subscriptions: running, extra: { subscriber } }, _id, payload) {
      invariant(subscriber, 'somebody subscribes before saying who they are');
      const asked = { ...subscriber, requestId: uuidv7() };
      const prepared =
        Object.keys(running).length > operationsMax
          ? [tooManyOperations()]
          : await subscriptions.prepare(payload, asked);
      if ('schema' in prepared) return prepared;
      return subscriptions.present(prepared, asked.requestId).errors ?? [];
    },
    subscribe: (args) => subscriptions.subscribe(args),
  };
}

function tooManyOperations(): GraphQLError {
  const message = `A connection has ${operationsMax} subscriptions at most; end one, or open another connection.`;
  return new GraphQLError(message, { originalError: new AppError('LIMIT_EXCEEDED', message) });
}

/** Ties one socket to the protocol. */
function serve(protocol: Server<Extra>, extra: Extra, logger: Logger): void {
  const { socket } = extra;
  // What is said with it (a message too large, a broken connection) ends the connection; its close undoes the rest.
  socket.on('error', () => socket.terminate());
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (data) => send(socket, data),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (take) =>
        socket.on('message', (data) => {
          take(textOf(data)).catch((error: unknown) => {
            logger.error({ err: error }, 'a message of a subscriber failed unexpectedly');
            socket.close(CloseCode.InternalServerError, 'Something went wrong on our side.');
          });
        }),
    },
    extra,
  );
  const stopPinging = keepAlive(socket);
  socket.once('close', (code, reason) => {
    stopPinging();
    undoAll(extra);
    closed(code, reason.toString()).catch((error: unknown) =>
      logger.error({ err: error }, 'the end of a subscriber failed unexpectedly'),
    );
  });
}

function undoAll({ undo }: Extra): void {
  for (const one of undo.splice(0)) one();
}

/** Resolves when the client's side has taken it: so a slow one holds up its own subscriptions. */
function send(socket: WebSocket, data: string): Promise<void> {
  if (socket.bufferedAmount > waitingBytesMax) socket.terminate();
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) resolve();
    // A connection that breaks says so by its close.
    else socket.send(data, () => resolve());
  });
}

/** Ends a connection whose other side does not answer a ping before the next. */
function keepAlive(socket: WebSocket): () => void {
  let isAlive = true;
  socket.on('pong', () => void (isAlive = true));
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, pingEveryMs);
  return () => clearInterval(timer);
}

function textOf(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString();
}

/** @returns false, which is how the protocol is told */
function close(socket: WebSocket, code: number, reason: string): false {
  // A close frame holds 123 bytes of reason.
  socket.close(code, reason.slice(0, 120));
  return false;
}

/** The token and the market come with `connection_init`, under the names of the headers, or with the request itself. */
function subscriberOf(params: Params, { request: { headers }, socket }: Extra): SubscriberFacts {
  const given = (name: string): string | undefined => {
    const own = Object.entries(params).find(([key, value]) => key.toLowerCase() === name && typeof value === 'string');
    const header = headers[name];
    return (own?.[1] as string | undefined) ?? (typeof header === 'string' ? header : undefined);
  };
  return {
    authorization: given('authorization'),
    tenant: given('x-runam-tenant'),
    requestId: uuidv7(),
    userAgent: given('user-agent'),
    cut: () => socket.terminate(),
  };
}

/** As Fastify finds it for requests: behind so many proxies of ours, what the last of them wrote down. */
function addressOf({ headers, socket }: IncomingMessage, trustProxy: number): string {
  const named = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const hops = [socket.remoteAddress ?? '', ...named.map((hop) => hop.trim()).toReversed()].filter(Boolean);
  return hops[Math.min(trustProxy, hops.length - 1)] ?? '';
}
