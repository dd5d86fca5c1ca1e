import { describe, expect, it } from 'vitest';
import { gatherLooks } from '../../src/cache/stores/redis-looks.js';

/** A server that holds `texts` and notes what each command asked for. */
function server(texts: Readonly<Record<string, string>> = {}) {
  const commands: (readonly string[])[] = [];
  const failing = { isOn: false };
  const mget = gatherLooks(async (keys) => {
    commands.push(keys);
    if (failing.isOn) throw new Error('no answer');
    return keys.map((key) => texts[key] ?? null);
  });
  return { mget, commands, failing };
}

const keysOf = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}${index}`);

describe('looks of one turn', () => {
  it('leave as one command over the union of their keys, and each gets its own answer in its own order', async () => {
    const { mget, commands } = server({ g: 'generation', a: '1', b: '2' });
    const looks = [mget(['g', 'a']), mget(['b', 'g']), mget(['g', 'none', 'a'])];
    expect(commands).toEqual([]);
    expect(await Promise.all(looks)).toEqual([
      ['generation', '1'],
      ['2', 'generation'],
      ['generation', null, '1'],
    ]);
    expect(commands).toEqual([['g', 'a', 'b', 'none']]);
  });

  it('never share a command that was sent before one of them was asked for', async () => {
    const { mget, commands } = server();
    await mget(['a']);
    await mget(['a']);
    expect(commands).toEqual([['a'], ['a']]);
  });

  it('leave in commands of at most 500 keys, none of them cut in two', async () => {
    const { mget, commands } = server();
    const sizes = [300, 150, 100, 700, 1];
    const answers = await Promise.all(sizes.map((size, index) => mget(keysOf(`look${index}:`, size))));
    expect(answers.map((answer) => answer.length)).toEqual(sizes);
    expect(commands.map((keys) => keys.length)).toEqual([450, 100, 700, 1]);
  });

  it('fail once each, and only those that were in the command that failed', async () => {
    const { mget, failing } = server({ a: '1' });
    failing.isOn = true;
    const outcomes = await Promise.allSettled([mget(['a']), mget(['b'])]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    failing.isOn = false;
    expect(await mget(['a'])).toEqual(['1']);
  });

  it('do not wait for a large entry, which travels in a command of its own once it is known', async () => {
    const { mget, commands } = server({ whale: 'x'.repeat(70_000), a: '1' });
    const asked = (): Promise<unknown> => Promise.all([mget(['g', 'whale']), mget(['g', 'a']), mget(['whale', 'a'])]);
    await asked();
    expect(commands).toEqual([['g', 'whale', 'a']]);
    commands.length = 0;
    await asked();
    expect(commands).toEqual([
      ['g', 'a'],
      ['g', 'whale', 'a'],
    ]);
  });
});
