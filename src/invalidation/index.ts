export { cacheTypes, canonicalJson, families, type CacheType } from './families.js';
export { errandListTagsFor, tags } from './tags.js';
export { createInvalidator, type Invalidator, type InvalidatorOptions } from './invalidator.js';
export { startReaper, type ReaperOptions } from './reaper.js';
export { tagsSpoiledBy, typesShowing } from './spoils.js';
