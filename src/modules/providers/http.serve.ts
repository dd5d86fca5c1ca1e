import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface HttpReply {
  readonly status: number;
  /** Sent as JSON, unless it is text: that is sent as it stands. */
  readonly body: unknown;
}

/** Answers a request; what it throws is answered with 500. */
export type HttpHandler = (request: HttpRequest) => HttpReply | Promise<HttpReply>;

export interface HttpService {
  /** `http://127.0.0.1:{port}` */
  readonly url: string;
  /** Ends also the connections that are open. */
  close(): Promise<void>;
}

const bodyBytesMax = 1_048_576;

/** Serves on loopback. @param port default 0: any free one */
export async function serve(
  respond: (request: HttpRequest, response: ServerResponse) => Promise<void>,
  port = 0,
): Promise<HttpService> {
  const server = createServer((incoming, response) => {
    readRequest(incoming)
      .then((request) => respond(request, response))
      .catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else send(response, { status: error instanceof TooLarge ? 413 : 500, body: { error: 'the request failed' } });
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => closed(server) };
}

export function send(response: ServerResponse, { status, body }: HttpReply): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(text);
}

/** The JSON object of a body, or nothing. */
export function bodyOf({ body }: HttpRequest): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // No JSON has no members: whoever needs one says so.
    return {};
  }
}

class TooLarge extends Error {}

async function readRequest(incoming: IncomingMessage): Promise<HttpRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new TooLarge();
    chunks.push(chunk);
  }
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: Buffer.concat(chunks),
  };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
