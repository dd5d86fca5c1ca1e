import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { CliFault, type Terminal } from '../../src/admin/index.js';
import { confirm } from '../../src/admin/cli/terminal.js';

function terminalOf(stdin: PassThrough): Terminal {
  const onTerminal = <S extends PassThrough>(stream: S) => Object.assign(stream, { isTTY: true });
  return {
    stdin: onTerminal(stdin) as unknown as NodeJS.ReadStream,
    stdout: onTerminal(new PassThrough()),
    stderr: new PassThrough(),
  };
}

it('an answer of yes goes on', async () => {
  const stdin = new PassThrough();
  const asked = confirm(terminalOf(stdin), 'Clear everything?');
  stdin.write('y\n');
  await expect(asked).resolves.toBeUndefined();
});

it.each([
  ['no', 'n\n'],
  ['nothing', '\n'],
  ['the end of the input', ''],
])('%s instead of yes does nothing, and says so', async (_what, typed) => {
  const stdin = new PassThrough();
  const asked = confirm(terminalOf(stdin), 'Clear everything?');
  stdin.end(typed);
  await expect(asked).rejects.toEqual(new CliFault('failed', 'Nothing was done.'));
});
