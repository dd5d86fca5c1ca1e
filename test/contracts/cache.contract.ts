import { describe } from 'vitest';
import { describeEntries } from './cache-entries.contract.js';
import type { StoreFixture } from './cache.fixtures.js';
import { describeFreshness } from './cache-freshness.contract.js';
import { describeIntents } from './cache-intents.contract.js';
import { describeLoads } from './cache-loads.contract.js';
import { describeOperations } from './cache-operations.contract.js';

/** What every store must keep under the engine. @param create called once per test; its state starts empty */
export function describeCacheContract(name: string, create: () => StoreFixture): void {
  describe(`cache on the ${name} store`, () => {
    describe('freshness', () => {
      describeFreshness(create);
    });
    describe('announced writes', () => {
      describeIntents(create);
    });
    describe('loads', () => {
      describeLoads(create);
    });
    describe('entries', () => {
      describeEntries(create);
    });
    describe('operations', () => {
      describeOperations(create);
    });
  });
}
