export { createDb, sqlCodeOf, type CommitListener, type Db, type DbOptions } from './unit-of-work.js';
export type { Reader, Tx } from './client.js';
export type { ModelChange } from './changes.js';
export { watchedColumns, type Model, type WatchedModel, type WatchedRow } from './watched.js';
export { Prisma } from './generated/client.js';
export type * from './generated/client.js';
