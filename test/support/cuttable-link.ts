import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server on loopback that the test can cut, for one process and not for the others. */
export interface CuttableLink {
  readonly port: number;
  /** Ends every connection and takes no new one. */
  cut(): void;
  mend(): void;
  /** Where new connections go from now on. */
  leadTo(port: number): void;
  /** Connections stay open and what the server says waits. */
  hold(): void;
  release(): void;
  close(): Promise<void>;
}

export async function startCuttableLink(port: number): Promise<CuttableLink> {
  const sockets = new Set<Socket>();
  const answers = new Set<Socket>();
  let target = port;
  let isCut = false;
  let isHeld = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A connection that breaks is what this is for; its close says so.
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    keep(near);
    if (isCut) return void near.destroy();
    const far = connect(target, '127.0.0.1');
    keep(far);
    answers.add(far);
    near.pipe(far).pipe(near);
    if (isHeld) far.pause();
    near.on('close', () => far.destroy());
    far.on('close', () => {
      answers.delete(far);
      near.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const destroyAll = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      destroyAll();
    },
    mend: () => void (isCut = false),
    leadTo: (other) => void (target = other),
    hold() {
      isHeld = true;
      answers.forEach((far) => far.pause());
    },
    release() {
      isHeld = false;
      answers.forEach((far) => far.resume());
    },
    async close() {
      destroyAll();
      server.close();
      await once(server, 'close');
    },
  };
}
