import { afterEach, beforeAll } from 'vitest';

const linesMax = 40;
const outputs = new Map<number | undefined, readonly string[]>();

/** Of a server in a process of its own: what it wrote last is told with the failure of a test that had it. */
export function keepOutput(pid: number | undefined, output: readonly string[]): void {
  outputs.set(pid, output);
}

/** For every test file anew. */
export function tellOutputsOfFailures(): void {
  beforeAll(() => outputs.clear());
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return;
    for (const [pid, output] of outputs)
      process.stderr.write(
        `Process ${pid}, its last lines of ${output.length}:\n${output.slice(-linesMax).join('\n')}\n`,
      );
  });
}
