import { describe } from 'vitest';
import { describeAbsences } from './cache-absences.contract.js';
import { describeEntries } from './cache-entries.contract.js';
import type { StoreFixture } from './cache.fixtures.js';
import { describeFreshness } from './cache-freshness.contract.js';
import { describeIntents } from './cache-intents.contract.js';
import { describeLeases } from './cache-leases.contract.js';
import { describeLoads } from './cache-loads.contract.js';
import { describeRefreshes } from './cache-refresh.contract.js';

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
    describe('leases', () => {
      describeLeases(create);
    });
    describe('refreshes', () => {
      describeRefreshes(create);
    });
    describe('absences', () => {
      describeAbsences(create);
    });
    describe('entries', () => {
      describeEntries(create);
    });
  });
}
