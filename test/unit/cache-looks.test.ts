import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatherLooks } from '../../src/cache/stores/redis-looks.js';
import type { Mget } from '../../src/cache/stores/redis-looks.js';
import { deferred, eventually } from '../contracts/cache.fixtures.js';
import type { Deferred } from '../contracts/cache.fixtures.js';

/** A server that holds `texts` and notes what each command asked for. */
function server(texts: Readonly<Record<string, string>> = {}) {
  const commands: (readonly string[])[] = [];
  const line: { fails: boolean; until?: Deferred<void> } = { fails: false };
  const mget = gatherLooks(async (keys) => {
    commands.push(keys);
    await line.until?.promise;
    if (line.fails) throw new Error('no answer');
    return keys.map((key) => texts[key] ?? null);
  });
  return { mget, commands, line };
}

/** The wrong way: whoever asks for the same keys gets the answer that is on its way. */
function ridingLooks(mget: Mget): Mget {
  const underWay = new Map<string, ReturnType<Mget>>();
  return (keys) => {
    const name = keys.join();
    const riding = underWay.get(name) ?? mget(keys).finally(() => underWay.delete(name));
    underWay.set(name, riding);
    return riding;
  };
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

  it('never share a command that was sent before one of them was asked for, also while it is under way', async () => {
    const { mget, commands, line } = server();
    line.until = deferred();
    const first = mget(['a']);
    await eventually(() => commands.length === 1);
    const second = mget(['a']);
    await eventually(() => commands.length === 2);
    line.until.resolve();
    await Promise.all([first, second]);
    expect(commands).toEqual([['a'], ['a']]);
  });

  it.each([
    ['see one instant each, which is never before they were asked for', gatherLooks, false],
    ['are caught when they ride on a command that is under way', ridingLooks, true],
  ])('%s', async (_, gather, isCaught) => {
    const run = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const turn = () => scheduler.schedule(Promise.resolve());
      let version = 0;
      const mget = gather(async (keys) => {
        await turn();
        const seen = keys.map((key) => `${key}${version}`);
        await turn();
        return seen;
      });
      const write = async (): Promise<void> => {
        for (let count = 0; count < 3; count += 1) {
          await turn();
          version += 1;
        }
      };
      const look = async (): Promise<void> => {
        await turn();
        const least = version;
        const [x, y] = (await mget(['x', 'y'])).map((text) => Number(text?.slice(1)));
        if (x !== y || !(Number(x) >= least)) throw new Error(`saw ${x} and ${y}, not ${least}`);
      };
      await scheduler.waitFor(Promise.all([write(), ...Array.from({ length: 6 }, look)]));
    });
    const { failed, errorInstance } = await fc.check(run, { numRuns: 100 });
    expect(failed, String(errorInstance)).toBe(isCaught);
  });

  it('leave in commands of at most 500 keys, none of them cut in two', async () => {
    const { mget, commands } = server();
    const sizes = [300, 150, 100, 700, 1];
    const answers = await Promise.all(sizes.map((size, index) => mget(keysOf(`look${index}:`, size))));
    expect(answers.map((answer) => answer.length)).toEqual(sizes);
    expect(commands.map((keys) => keys.length)).toEqual([450, 100, 700, 1]);
  });

  it('fail once each, and only those that were in the command that failed', async () => {
    const { mget, line } = server({ a: '1' });
    line.fails = true;
    const outcomes = await Promise.allSettled([mget(['a']), mget(['b'])]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    line.fails = false;
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
