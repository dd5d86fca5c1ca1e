import { describe, expect, it } from 'vitest';
import { createWarming, type WarmStep } from '../../src/admin/index.js';
import { silentLogger } from '../../src/kernel/index.js';

/** Steps that end when told, and how many of them run. */
function heldSteps(count: number) {
  const finish: ((kind: 'hit' | 'miss' | 'bypass') => void)[] = [];
  let [running, most] = [0, 0];
  const steps = Array.from({ length: count }, (_, index): WarmStep => ({
    name: `step ${index}`,
    type: 'BANKS_LIST',
    async run() {
      running += 1;
      most = Math.max(most, running);
      const kind = await new Promise<'hit' | 'miss' | 'bypass'>((resolve) => finish.push(resolve));
      running -= 1;
      return kind;
    },
  }));
  return { steps, finish, most: () => most };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('warming', () => {
  it('loads no more at once than it may, also when several are asked for, and tells how far it is', async () => {
    const warming = createWarming({ logger: silentLogger, concurrency: 2 });
    const { steps, finish, most } = heldSteps(6);
    const progress: string[] = [];
    const both = Promise.all([
      warming.run(steps.slice(0, 3), (done, total) => void progress.push(`${done}/${total}`)),
      warming.run(steps.slice(3)),
    ]);
    for (let ended = 0; ended < 6; ended += 1) {
      await turns();
      expect(finish.length).toBe(Math.min(ended + 2, 6));
      finish[ended]!(ended === 0 ? 'hit' : 'miss');
    }
    const [first, second] = await both;
    expect(most()).toBe(2);
    expect(progress).toEqual(['1/3', '2/3', '3/3']);
    expect([first, second]).toMatchObject([
      { total: 3, loaded: 2, warm: 1, failed: 0 },
      { total: 3, loaded: 3, warm: 0, failed: 0 },
    ]);
  });

  it('goes on when a step fails, and says which and why; of many the first twenty', async () => {
    const warming = createWarming({ logger: silentLogger });
    const steps = Array.from({ length: 30 }, (_, index): WarmStep => ({
      name: `step ${index}`,
      type: 'BANKS_LIST',
      run: async () => {
        if (index === 0) return 'bypass';
        throw new Error(`fault ${index}`);
      },
    }));
    const report = await warming.run(steps);
    expect(report).toMatchObject({ total: 30, bypassed: 1, failed: 29, errors: { length: 20 } });
    expect(report.errors[0]).toEqual({ step: 'step 1', message: 'fault 1' });
  });

  it('when stopped ends what is under way and begins nothing more', async () => {
    const warming = createWarming({ logger: silentLogger, concurrency: 1 });
    const { steps, finish } = heldSteps(3);
    const running = warming.run(steps);
    await turns();
    const stopping = warming.stop();
    finish[0]!('miss');
    await stopping;
    expect(finish).toHaveLength(1);
    expect(await running).toMatchObject({ loaded: 1 });
  });
});
