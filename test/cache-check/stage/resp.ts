/** One command as a client sent it. */
export interface Command {
  readonly raw: Buffer;
  /** Words longer than 200 bytes (scripts, entries) are left empty: nobody looks at them. */
  readonly words: readonly string[];
}

const wordLengthMax = 200;
const newline = Buffer.from('\r\n');

/** Cuts a stream of RESP requests (redis.io/docs, "Redis serialization protocol") into whole commands. */
export function createCommandReader(): (chunk: Buffer) => readonly Command[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const commands: Command[] = [];
    for (;;) {
      const found = readCommand(rest);
      if (!found) return commands;
      commands.push({ raw: rest.subarray(0, found.end), words: found.words });
      rest = rest.subarray(found.end);
    }
  };
}

interface Found {
  readonly words: readonly string[];
  readonly end: number;
}

/** Undefined: it is not all there yet. */
function readCommand(buffer: Buffer): Found | undefined {
  const head = lineAt(buffer, 0);
  if (!head) return undefined;
  // An inline command: the line is all there is of it.
  if (!head.text.startsWith('*')) return { words: head.text.split(' '), end: head.end };
  const words: string[] = [];
  let at = head.end;
  for (let left = Number(head.text.slice(1)); left > 0; left -= 1) {
    const line = lineAt(buffer, at);
    if (!line) return undefined;
    const length = Number(line.text.slice(1));
    const end = line.end + length + newline.length;
    if (buffer.length < end) return undefined;
    words.push(length > wordLengthMax ? '' : buffer.toString('latin1', line.end, line.end + length));
    at = end;
  }
  return { words, end: at };
}

function lineAt(buffer: Buffer, from: number): { readonly text: string; readonly end: number } | undefined {
  const at = buffer.indexOf(newline, from);
  return at < 0 ? undefined : { text: buffer.toString('latin1', from, at), end: at + newline.length };
}

/** What a command does for a write: announce it before COMMIT, or tell that it was committed or rolled back. */
export interface WriteStep {
  readonly kind: 'begin' | 'committed' | 'rolledBack';
  /** Names the write; empty when nothing does. */
  readonly token: string;
}

/** A transaction's id and a word of its own; see `TransactionChanges.token`. */
const token = /^\d+:[0-9a-f]{8}$/;
const scripted = /^(eval|evalsha|fcall)$/i;

/**
 * Recognises the step by the token among the words, whatever script carries it: followed by `1` the write was committed,
 * by `0` rolled back, by nothing it is announced. A cache-aside looks up which keys to delete first, with SUNION.
 */
export function writeStepOf({ words }: Command): WriteStep | undefined {
  const name = words[0] ?? '';
  if (/^sunion$/i.test(name)) return { kind: 'committed', token: '' };
  if (!scripted.test(name)) return undefined;
  const at = words.findLastIndex((word) => token.test(word));
  if (at < 0) return undefined;
  const kinds = { 1: 'committed', 0: 'rolledBack' } as const;
  const after = words[at + 1];
  if (after === undefined) return { kind: 'begin', token: words[at] ?? '' };
  const kind = kinds[after as '0' | '1'];
  return kind && { kind, token: words[at] ?? '' };
}
