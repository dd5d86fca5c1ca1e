import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a peer is told, so that it gives the very answer that RunAm gives. */
export interface PeerOrder {
  /** RunAm's schema in SDL. */
  readonly sdl: string;
  /** RunAm's answer to the document, as JSON text. */
  readonly body: string;
  /** RunAm's headers with it. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Runs as a child process: takes its order, listens on a free loopback port, says where, and ends with its parent. */
export async function servePeer<Order = PeerOrder>(
  createListener: (order: Order) => RequestListener | Promise<RequestListener>,
) {
  const order = await new Promise<Order>((resolve) => process.once('message', resolve as (order: unknown) => void));
  const server = createServer(await createListener(order));
  process.once('disconnect', () => process.exit());
  server.listen(0, '127.0.0.1', () => {
    process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  });
}

export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
