import { createMemoryStore, createNullStore } from '../../src/cache/index.js';
import { describeLibraryContract } from './library.contract.js';

describeLibraryContract('memory', () => {
  let nowMs = 1_700_000_000_000;
  const now = (): number => nowMs;
  const store = createMemoryStore({ now });
  return { prefix: 'test', open: () => store, keeps: true, now, pass: async (ms) => void (nowMs += ms) };
});

describeLibraryContract('null', () => ({
  prefix: 'test',
  open: createNullStore,
  keeps: false,
  now: Date.now,
  pass: async () => {},
}));
