import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP gate in front of a loopback server: what goes through one gate can be held up while others reach the server. */
export interface Gate {
  readonly port: number;
  /** Connections stay open and nothing passes; what is sent meanwhile never arrives. */
  shut(): void;
  /** Lets new connections through; those that were held up are broken. */
  open(): void;
  close(): Promise<void>;
}

export async function startGate(targetPort: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  let isShut = false;
  const hold = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    if (isShut) socket.pause();
  };
  const server = createServer((near) => {
    const far = createConnection({ port: targetPort, host: '127.0.0.1' });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      hold(socket);
      socket.on('data', (chunk) => void (isShut || other.write(chunk)));
      socket.on('close', () => void (isShut || other.destroy()));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    shut() {
      isShut = true;
      for (const socket of sockets) socket.pause();
    },
    open() {
      breakAll();
      isShut = false;
    },
    async close() {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
}
