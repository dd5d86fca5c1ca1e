import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP gate in front of a loopback server: those who come through it can be cut off while others reach the server. */
export interface Gate {
  readonly port: number;
  /** Connections stay open and nothing passes; what is sent meanwhile never arrives. */
  shut(): void;
  /** Breaks what was held up, and lets new connections through. */
  open(): void;
  close(): Promise<void>;
}

export async function startGate(targetPort: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  let isShut = false;
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('error', () => from.destroy());
    from.on('data', (chunk) => void (isShut || to.write(chunk)));
    from.on('close', () => {
      sockets.delete(from);
      if (!isShut) to.destroy();
    });
    if (isShut) from.pause();
  };
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const far = createConnection({ port: targetPort, host: '127.0.0.1' });
    pass(near, far);
    pass(far, near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
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
