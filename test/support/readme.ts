import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface ReadmeStep {
  readonly command: string;
  /** Undefined when the command prints nothing worth showing. */
  readonly printed: string | undefined;
}

/** The README's curl commands, in order, each with the output block right below it. */
export function readmeSteps(readme: string): readonly ReadmeStep[] {
  const blocks = readme.matchAll(/```sh\n([^]*?)```(?:\n+```text\n([^]*?)```)?/g);
  return [...blocks]
    .filter(([, command]) => command!.includes('curl'))
    .map(([, command, printed]) => ({ command: command!, printed }));
}

/** Runs the steps in one shell, as a reader who pastes them, against `address` instead of localhost:4000. @returns what each printed */
export async function runSteps(steps: readonly ReadmeStep[], address: string): Promise<readonly string[]> {
  const mark = '----8<----';
  const script = steps
    .map(({ command }) => `${command.replaceAll('localhost:4000', address)}\necho '\n${mark}'`)
    .join('\n');
  const { stdout } = await promisify(execFile)('bash', ['-c', script]);
  return stdout.split(`${mark}\n`).slice(0, steps.length).map(normal);
}

/** Seconds left to live depend on when one asks, floors on what was written before; line ends and blank lines on the shell. */
export function normal(output: string): string {
  return output
    .replaceAll('\r', '')
    .replaceAll(/ttl=\d+/g, 'ttl=59')
    .replaceAll(/"floor":"[^"]+"/g, '"floor":"…"')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join('\n');
}
