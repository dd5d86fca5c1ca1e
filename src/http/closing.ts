import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

export interface ClosingTerms {
  /** For requests under way, milliseconds. Default 20,000: those who stop servers commonly wait for 30 seconds. */
  readonly graceMs?: number;
}

const lookEveryMs = 50;
const graceMsStandard = 20_000;

/** Connections of each server, for Node does not count those as idle that have not asked for anything yet. */
const connections = new WeakMap<Server, Set<Socket>>();

/** Before the server listens, so that it can be closed without waiting for who never asks. */
export function keepConnections({ server }: Pick<FastifyInstance, 'server'>): void {
  const sockets = new Set<Socket>();
  connections.set(server, sockets);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
}

/**
 * Takes no more connections, lets requests under way end, and ends connections on which nothing is asked, also those that come to
 * that later. What is not done by the end of the grace (a client that does not read, a request that was never finished) is cut off.
 */
export async function closeHttpServer(
  http: FastifyInstance,
  { graceMs = graceMsStandard }: ClosingTerms = {},
): Promise<void> {
  const { server } = http;
  const look = setInterval(() => {
    server.closeIdleConnections();
    for (const socket of connections.get(server) ?? []) if (socket.bytesRead === 0) socket.destroy();
  }, lookEveryMs);
  const grace = setTimeout(() => server.closeAllConnections(), graceMs);
  try {
    await http.close();
  } finally {
    clearInterval(look);
    clearTimeout(grace);
  }
}
