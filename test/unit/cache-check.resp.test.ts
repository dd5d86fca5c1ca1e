import { describe, expect, it } from 'vitest';
import { createCommandReader, writeStepOf } from '../cache-check/stage/resp.js';

function request(...words: readonly string[]): Buffer {
  return Buffer.from(
    `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`,
  );
}

const token = '4711:0a1b2c3d';
const script = `return ${'x'.repeat(500)}`;
const begin = request('eval', script, '1', 'runam:{c}:g', token);
const committed = request('eval', script, '1', 'runam:{c}:g', token, '1');
const rolledBack = request('eval', script, '1', 'runam:{c}:g', token, '0');

describe('the proxy in front of Redis', () => {
  it('cuts a stream into the commands that were sent, byte for byte, however it arrives', () => {
    const commands = [
      request('SET', 'key', 'a\r\n$3\r\nvalue é'),
      request('MGET', 'a', ''),
      Buffer.from('PING\r\n'),
      committed,
    ];
    const stream = Buffer.concat(commands);
    for (const size of [1, 2, 7, 64, stream.length]) {
      const read = createCommandReader();
      const found = [];
      for (let at = 0; at < stream.length; at += size) found.push(...read(stream.subarray(at, at + size)));
      expect(found.map(({ raw }) => raw.toString())).toEqual(commands.map(String));
    }
  });

  it.each([
    { what: 'the announcement of a write', sent: begin, step: { kind: 'begin', token } },
    { what: 'the end of a committed write', sent: committed, step: { kind: 'committed', token } },
    { what: 'the end of one that was rolled back', sent: rolledBack, step: { kind: 'rolledBack', token } },
    {
      what: 'the look-up of a cache-aside before it deletes',
      sent: request('sunion', 'index:a'),
      step: { kind: 'committed', token: '' },
    },
    {
      what: 'nothing in a script without a token',
      sent: request('eval', script, '1', 'runam:{c}:seq'),
      step: undefined,
    },
    { what: 'nothing in a value that looks like a token', sent: request('SET', 'key', token), step: undefined },
  ])('recognises $what', ({ sent, step }) => {
    const [command] = createCommandReader()(sent);
    expect(command && writeStepOf(command)).toEqual(step);
  });
});
