import { createInterface } from 'node:readline/promises';
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
