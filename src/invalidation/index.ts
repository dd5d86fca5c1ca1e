export { cacheTypes, canonicalJson, families, type CacheType } from './families.js';
export { errandListTagsFor, tags } from './tags.js';
export { createInvalidator, type Invalidator } from './invalidator.js';
export { tagsSpoiledBy } from './spoils.js';
