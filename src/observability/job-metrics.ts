import { Gauge, Histogram, type Registry } from 'prom-client';
import { secondsBuckets } from './metric-labels.js';

/** One run of a job. */
export interface JobFacts {
  /** Its kind: one of a few. */
  readonly job: string;
  readonly result: 'done' | 'failed' | 'failedForGood';
  readonly tookMs: number;
}

/** What waits in the queue, which all processes share. */
export interface QueueState {
  readonly due: number;
  readonly waiting: number;
  readonly running: number;
  readonly failed: number;
  readonly overdueMs: number;
}

/** Measures the queue at every scrape. @returns what is to be told of each run of this process */
export function measureJobs(queue: () => Promise<QueueState>, registry: Registry): (facts: JobFacts) => void {
  const now = (): Promise<QueueState | undefined> => queue().catch(() => undefined);
  const queued = new Gauge({
    name: 'jobs_queued',
    help: 'Jobs in the queue: due now, waiting for their time, running, or failed for good. No sample while the database is away.',
    labelNames: ['state'],
    registers: [],
    async collect() {
      const { overdueMs: _overdueMs, ...counts } = { ...(await now()) };
      this.reset();
      for (const [state, count] of Object.entries(counts)) this.set({ state }, count);
    },
  });
  const overdue = new Gauge({
    name: 'jobs_overdue_seconds',
    help: 'How long the job that has waited longest could have run. No number while the database is away.',
    registers: [],
    async collect() {
      const { overdueMs = Number.NaN } = { ...(await now()) };
      this.set(overdueMs / 1000);
    },
  });
  registry.registerMetric(queued);
  registry.registerMetric(overdue);
  const runs = new Histogram({
    name: 'job_duration_seconds',
    help: 'Time of one run of a job in this process.',
    labelNames: ['job', 'result'],
    buckets: secondsBuckets,
    registers: [registry],
  });
  return ({ job, result, tookMs }) => runs.observe({ job, result }, tookMs / 1000);
}
