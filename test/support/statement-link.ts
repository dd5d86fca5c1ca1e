import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** When the connection breaks: the statement never reaches the database, or it is carried out and its answer never arrives. */
export type CutAt = 'request' | 'answer';

/** A way to PostgreSQL that breaks at a chosen statement, until it is mended. */
export interface StatementLink {
  /** The database's address by this way. */
  readonly url: string;
  /** Breaks at the `nth` statement from now on; 1 is the next one. */
  cutAt(nth: number, at: CutAt): void;
  readonly isCut: boolean;
  /** New connections come through again; a cut that was still to come does not. */
  mend(): void;
  close(): Promise<void>;
}

/** PostgreSQL frontend messages that end a statement: Query, Sync; backend: ReadyForQuery. (Documentation, chapter 54.7) */
const endsStatement: ReadonlySet<number> = new Set([0x51, 0x53]);
const readyForQuery = 0x5a;
const readyForQueryBytes = 6;

export async function startStatementLink(databaseUrl: string): Promise<StatementLink> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let cut: { left: number; readonly at: CutAt } | undefined;
  let isCut = false;
  const breakAll = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    let isAnswerDropped = false;
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      // A connection that breaks is what this is for; its close says so.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    if (isCut) return void near.destroy();
    onStatements(near, (statement) => {
      if (statement.isWhole && cut && --cut.left === 0) {
        if (cut.at === 'request') return breakAll();
        isAnswerDropped = true;
      }
      far.write(statement.bytes);
    });
    far.on('data', (bytes: Buffer) => {
      if (!isAnswerDropped) near.write(bytes);
      else if (bytes.at(-readyForQueryBytes) === readyForQuery) breakAll();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutAt: (nth, at) => void (cut = { left: nth, at }),
    get isCut() {
      return isCut;
    },
    mend() {
      cut = undefined;
      isCut = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Hands on what a client sends, statement by statement; what belongs to none (sign-in, goodbye) as it comes. */
function onStatements(
  near: Socket,
  handOn: (part: { readonly bytes: Buffer; readonly isWhole: boolean }) => void,
): void {
  let unread = Buffer.alloc(0);
  let held: Buffer[] = [];
  let isStarted = false;
  near.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    for (;;) {
      // The first message has no type.
      const typeBytes = isStarted ? 1 : 0;
      if (unread.length < typeBytes + 4) return;
      const length = typeBytes + unread.readUInt32BE(typeBytes);
      if (unread.length < length) return;
      const message = unread.subarray(0, length);
      unread = unread.subarray(length);
      held.push(message);
      const isWhole = isStarted && endsStatement.has(message[0]!);
      const isPart = isStarted && partsOfStatement.has(message[0]!);
      isStarted = true;
      if (isPart) continue;
      handOn({ bytes: Buffer.concat(held), isWhole });
      held = [];
    }
  });
}

/** Parse, Bind, Describe, Execute, Close: a Sync follows. */
const partsOfStatement: ReadonlySet<number> = new Set([0x50, 0x42, 0x44, 0x45, 0x43]);
