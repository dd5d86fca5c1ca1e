export type { JobHandlers, JobKind, JobKinds, JobOf, JobRun } from './job.js';
export { createQueue, type Queue } from './queue.js';
export { forgetFailed, readQueue, type QueueFacts } from './queue.repo.js';
export { cron, recurring, type Standing } from './standing.js';
export { createWorker, type Worker, type WorkerOptions } from './worker.js';
