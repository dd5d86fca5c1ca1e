export { cacheTypes, canonicalJson, families, type CacheType } from './families.js';
export {
  nestedOperations,
  operations,
  touchedAtMost,
  touchedBy,
  touchedByNested,
  touchedByOperation,
  type NestedOperation,
  type Operation,
} from './closure.js';
export { errandListTagsFor, tags } from './tags.js';
export { createInvalidator, type Invalidator, type InvalidatorOptions } from './invalidator.js';
export { startReaper, type ReaperOptions } from './reaper.js';
export { tagsOfModel, tagsOfRow, tagsSpoiledBy, typesShowing } from './spoils.js';
