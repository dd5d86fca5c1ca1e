import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** When the connection breaks: the statement never reaches the database, or it is carried out and its answer never arrives. */
export type CutAt = 'request' | 'answer';

/**
 * What happens at the cut, given the number of the database's process. Afterwards the request goes on, unless it says
 * `lost`: then it never does, also when its sender is dead and its end of the line not yet closed.
 */
export type Strike = (backendPid: number) => Promise<void | 'lost'>;

/** A statement by what it says: itself, or the COMMIT of the transaction that it is in. */
export interface NamedStatement {
  readonly says: RegExp;
  readonly isItsCommit: boolean;
}

/** A way to PostgreSQL that breaks at a chosen statement, until it is mended. */
export interface StatementLink {
  /** The database's address by this way. */
  readonly url: string;
  /**
   * Breaks at the `nth` statement from now on; 1 is the next one. What was broken before is mended for connections to come.
   * @param how what happens then. Default: every connection ends, and no new one is taken.
   */
  cutAt(nth: number, at: CutAt, how?: Strike): void;
  /** Breaks at the first statement, on whatever connection, that is the named one. */
  cutWhere(statement: NamedStatement, at: CutAt, how: Strike): void;
  /** Shows every statement, as it is on the wire, and what it is where only its name is sent; undefined for no longer. */
  watch(onStatement: ((text: string) => void) | undefined): void;
  /** Since `cutAt`. */
  readonly isCut: boolean;
  /** New connections come through again; a cut that was still to come does not. */
  mend(): void;
  close(): Promise<void>;
}

/** PostgreSQL frontend messages that end a statement: Query, Sync; backend: ReadyForQuery. (Documentation, chapter 54.7) */
const endsStatement: ReadonlySet<number> = new Set([0x51, 0x53]);
const readyForQuery = 0x5a;
const readyForQueryBytes = 6;
/** BackendKeyData, which the database sends once a connection. */
const backendKeyData = 0x4b;

export async function startStatementLink(databaseUrl: string): Promise<StatementLink> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let cut: Cut | undefined;
  let shown: ((text: string) => void) | undefined;
  let isCut = false;
  let takesNone = false;
  const breakAll = (): void => {
    takesNone = true;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    let pid = 0;
    const line: Line = { isNamed: false };
    let isAnswerHeld = false;
    const lose = (): void => {
      near.destroy();
      far.destroy();
    };
    /** Does what is to be done, and then hands on what was held up. */
    const strike = (handOn: () => void): void => {
      isCut = true;
      const end = (way: void | 'lost'): void => (way === 'lost' ? lose() : handOn());
      if (cut?.how) void cut.how(pid).then(end, handOn);
      else breakAll();
    };
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
    if (takesNone) return void near.destroy();
    onStatements(near, ({ bytes, isWhole, text }) => {
      if (isWhole) shown?.(text);
      if (isWhole && cut?.isDue(text, line)) {
        if (cut.at === 'request') return strike(() => far.write(bytes));
        isAnswerHeld = true;
      }
      far.write(bytes);
    });
    far.on('data', (bytes: Buffer) => {
      pid ||= backendPidIn(bytes);
      if (!isAnswerHeld) near.write(bytes);
      else if (bytes.at(-readyForQueryBytes) !== readyForQuery) return;
      // Mended meanwhile: only this one answer is lost.
      else if (cut) strike(() => near.destroy());
      else near.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutAt(nth, at, how) {
      let left = nth;
      cut = { isDue: () => --left === 0, at, ...(how && { how }) };
      isCut = false;
      takesNone = false;
    },
    cutWhere(statement, at, how) {
      cut = { isDue: firstOnly((text, line) => isNamed(statement, text, line)), at, how };
      isCut = false;
      takesNone = false;
    },
    watch: (onStatement) => void (shown = onStatement),
    get isCut() {
      return isCut;
    },
    mend() {
      cut = undefined;
      isCut = false;
      takesNone = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Cut {
  readonly isDue: (text: string, line: Line) => boolean;
  readonly at: CutAt;
  readonly how?: Strike;
}

/** What is known of one connection. */
interface Line {
  /** The named statement was seen in the transaction it is in. */
  isNamed: boolean;
}

function isNamed({ says, isItsCommit }: NamedStatement, text: string, line: Line): boolean {
  if (text.includes('BEGIN')) line.isNamed = false;
  const isIt = says.test(text);
  line.isNamed ||= isIt;
  return isItsCommit ? line.isNamed && text.includes('COMMIT') : isIt;
}

function firstOnly<Arguments extends unknown[]>(isDue: (...all: Arguments) => boolean): (...all: Arguments) => boolean {
  let isSpent = false;
  return (...all) => !isSpent && (isSpent = isDue(...all));
}

/** The number of the process in a server's first messages; 0 when it is not among them. */
function backendPidIn(bytes: Buffer): number {
  for (let at = 0; at + 9 <= bytes.length; at += 1 + bytes.readUInt32BE(at + 1)) {
    if (bytes[at] === backendKeyData) return bytes.readInt32BE(at + 5);
  }
  return 0;
}

interface Part {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
  /** Of a whole statement: the bytes, and what was parsed before under the names in them. */
  readonly text: string;
}

/** Hands on what a client sends, statement by statement; what belongs to none (sign-in, goodbye) as it comes. */
function onStatements(near: Socket, handOn: (part: Part) => void): void {
  let unread = Buffer.alloc(0);
  let held: Buffer[] = [];
  let isStarted = false;
  const kept = new Map<string, string>();
  const textOf = (messages: readonly Buffer[]): string => {
    const texts = messages.map((message) => message.toString('latin1'));
    for (const [index, message] of messages.entries()) {
      const [first = '', second = ''] = texts[index]!.slice(5).split('\0');
      if (message[0] === parse && first !== '') kept.set(first, second);
      if (message[0] === bind) texts.push(kept.get(second) ?? '');
    }
    return texts.join('');
  };
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
      handOn({ bytes: Buffer.concat(held), isWhole, text: isWhole ? textOf(held) : '' });
      held = [];
    }
  });
}

/** Parse: a name, and the statement it is for. Bind: the name of a portal, and that of a statement. */
const [parse, bind] = [0x50, 0x42];
/** Parse, Bind, Describe, Execute, Close: a Sync follows. */
const partsOfStatement: ReadonlySet<number> = new Set([0x50, 0x42, 0x44, 0x45, 0x43]);
