import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP gate in front of a loopback server, through which one of several clients can be cut off. */
export interface Gate {
  readonly port: number;
  /** Those who are connected by now are the ones whom `shut` cuts off. */
  singleOut(): void;
  /** Their connections stay open and nothing passes, now or later; so it is for connections made while it is shut. */
  shut(): void;
  /** Breaks what was held up, and lets everybody through again. */
  open(): void;
  close(): Promise<void>;
}

interface Passage {
  readonly sockets: readonly [near: Socket, far: Socket];
  isSingledOut: boolean;
  isHeld: boolean;
}

export async function startGate(targetPort: number): Promise<Gate> {
  const passages = new Set<Passage>();
  let isShut = false;
  const hold = (passage: Passage): void => {
    passage.isHeld = true;
    for (const socket of passage.sockets) socket.pause();
  };
  const end = ({ sockets }: Passage): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const passage = join(near, createConnection({ port: targetPort, host: '127.0.0.1' }), (gone) =>
      passages.delete(gone),
    );
    passages.add(passage);
    if (isShut) hold(passage);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    singleOut() {
      for (const passage of passages) passage.isSingledOut = true;
    },
    shut() {
      isShut = true;
      for (const passage of passages) if (passage.isSingledOut) hold(passage);
    },
    open() {
      isShut = false;
      for (const passage of passages) if (passage.isHeld) end(passage);
    },
    async close() {
      for (const passage of passages) end(passage);
      server.close();
      await once(server, 'close');
    },
  };
}

function join(near: Socket, far: Socket, onEnd: (passage: Passage) => void): Passage {
  const passage: Passage = { sockets: [near, far], isSingledOut: false, isHeld: false };
  const pass = (from: Socket, to: Socket): void => {
    from.on('error', () => from.destroy());
    from.on('data', (chunk) => void (passage.isHeld || to.write(chunk)));
    from.on('close', () => {
      if (!passage.isHeld) to.destroy();
      onEnd(passage);
    });
  };
  pass(near, far);
  pass(far, near);
  return passage;
}
