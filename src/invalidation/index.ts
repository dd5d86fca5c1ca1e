export { cacheTypes, canonicalJson, families, type CacheType } from './families.js';
export { errandListTagsFor, tags } from './tags.js';
export { createInvalidator, type Invalidator, type InvalidatorOptions } from './invalidator.js';
export { startReaper, type Reaper, type ReaperOptions } from './reaper.js';
export { spoils, tagsSpoiledBy, typesShowing } from './spoils.js';
