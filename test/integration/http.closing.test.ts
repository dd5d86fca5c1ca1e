import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { closeHttpServer, keepConnections } from '../../src/http/index.js';

/** Longer than a test of this file may take. */
const never = 600_000;
let http: FastifyInstance;
let answer: () => void;

async function listen(): Promise<number> {
  http = fastify({ forceCloseConnections: 'idle', keepAliveTimeout: never, requestTimeout: never });
  keepConnections(http);
  http.get('/', async () => 'at once');
  const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
  http.get('/slow', () => mayAnswer.then(() => 'at last'));
  await http.listen({ host: '127.0.0.1', port: 0 });
  return (http.server.address() as AddressInfo).port;
}
afterEach(() => http.server.closeAllConnections());

/** A client that says this and no more. */
async function say(port: number, text: string) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  await once(socket, 'connect');
  socket.write(text);
  const ended = once(socket, 'close');
  return { socket, ended, heard: () => heard };
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: runam\r\n\r\n`;

describe('a server that closes', () => {
  it('answers who has asked, and then ends the connection, though the client would keep it; and those that never asked', async () => {
    const port = await listen();
    const [kept, slow, silent] = [
      await say(port, request('/')),
      await say(port, request('/slow')),
      await say(port, ''),
    ];
    await expect.poll(kept.heard).toContain('at once');
    const closed = closeHttpServer(http, { graceMs: never });
    await Promise.all([kept.ended, silent.ended]);
    answer();
    await Promise.all([closed, slow.ended]);
    expect(slow.heard()).toContain('at last');
  });

  it('waits for nobody longer than its grace: not for half a request, nor for an answer that does not come', async () => {
    const port = await listen();
    const idlers = [await say(port, 'POST / HTTP/1.1\r\nhost:'), await say(port, request('/slow'))];
    await expect.poll(() => new Promise((resolve) => http.server.getConnections((_, count) => resolve(count)))).toBe(2);
    await closeHttpServer(http, { graceMs: 300 });
    await Promise.all(idlers.map(({ ended }) => ended));
    expect(http.server.listening).toBe(false);
  });
});
