import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliFault } from './fault.js';

/** Where commands read and write. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** @throws CliFault when there is nobody to ask, or the answer is no */
export async function confirm({ stdin, stdout, stderr }: Terminal, question: string): Promise<void> {
  const isTerminal = stdin.isTTY && 'isTTY' in stdout && stdout.isTTY === true;
  if (!isTerminal) throw new CliFault('usage', `${question} There is nobody to ask: say --force.`);
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    // Who ends the input without an answer has not said yes; the question alone would wait for ever.
    const left = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(`${question} [y/N] `), left]);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliFault('failed', 'Nothing was done.');
  } finally {
    lines.close();
  }
}

/**
 * Something that must not be seen: asked for twice at a terminal, where it is not shown; without one the first line of what is
 * put in. @throws CliFault when there is none, or the two are not the same
 */
export async function secretOf(terminal: Terminal, what: string): Promise<string> {
  const { stdin, stderr } = terminal;
  const isAsked = stdin.isTTY === true;
  const lines = createInterface({ input: stdin, output: isAsked ? nowhere() : undefined, terminal: isAsked });
  try {
    const answers = lines[Symbol.asyncIterator]();
    const ask = async (words: string): Promise<string> => {
      if (isAsked) stderr.write(`${words}: `);
      const answer = await answers.next();
      if (isAsked) stderr.write('\n');
      if (answer.done) throw new CliFault('usage', `${what}: nothing was put in.`);
      return answer.value;
    };
    const secret = await ask(what);
    if (isAsked && (await ask('Again')) !== secret) throw new CliFault('usage', `${what}: the two are not the same.`);
    return secret;
  } finally {
    lines.close();
  }
}

/** Where a terminal would show what is typed. */
function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
