export { EmbeddedPostgresError } from './embedded.error.js';
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './start.js';
export { startTemporaryPostgres } from './temporary.js';
