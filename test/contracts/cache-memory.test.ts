import { createMemoryStore } from '../../src/cache/index.js';
import { describeCacheContract } from './cache.contract.js';

describeCacheContract('memory', () => {
  let nowMs = 1_700_000_000_000;
  const now = (): number => nowMs;
  const store = createMemoryStore({ now });
  return {
    prefix: 'test',
    open: () => store,
    now,
    pass: async (ms) => void (nowMs += ms),
  };
});
