import { describe } from 'vitest';
import { describeAbsences } from './cache-absences.contract.js';
import { describeBounds } from './cache-bounds.contract.js';
import { describeEntries } from './cache-entries.contract.js';
import { describeFloors } from './cache-floors.contract.js';
import type { StoreFixture } from './cache.fixtures.js';
import { describeFreshness } from './cache-freshness.contract.js';
import { describeIntents } from './cache-intents.contract.js';
import { describeLeases } from './cache-leases.contract.js';
import { describeLoads } from './cache-loads.contract.js';
import { describeHistory, describeOperations } from './cache-operations.contract.js';
import { describeRefreshes } from './cache-refresh.contract.js';

const nears = [
  ['alone', 0],
  ['with a near store in front', 2 ** 20],
] as const;

/** What every store must keep under the engine. @param createBare called once per test; its state starts empty */
export function describeCacheContract(name: string, createBare: () => StoreFixture): void {
  describe.each(nears)(`cache on the ${name} store, %s`, (_, nearBytesMax) => {
    const create = (): StoreFixture => ({ ...createBare(), nearBytesMax });
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
    describe('bounds', () => {
      describeBounds(create);
    });
    describe('floors', () => {
      describeFloors(create);
    });
    describe('operations', () => {
      describeOperations(create);
    });
    describe('history', () => {
      describeHistory(create);
    });
  });
}
