import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Cache } from '../cache/index.js';
import { measureCache, type MeasuredStores } from './cache-metrics.js';
import { measureJobs, type JobFacts, type QueueState } from './job-metrics.js';
import { atMost, secondsBuckets } from './metric-labels.js';
import { measurePayouts, type WaitingPayouts } from './payout-metrics.js';

export interface RequestFacts {
  readonly method: string;
  /** The route's pattern, never the address. */
  readonly route: string;
  readonly status: number;
  readonly tookMs: number;
}

export interface OperationFacts {
  readonly kind: 'query' | 'mutation' | 'subscription' | 'unknown';
  /** The root field, from the schema; `several` or `none`. Never the operation's name, which clients choose. */
  readonly field: string;
  readonly hasErrors: boolean;
  readonly tookMs: number;
}

/** Connections to the database. */
export interface PoolFacts {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

/** Numbers of one server, in the text format of Prometheus. */
export interface Metrics {
  readonly contentType: string;
  /** Everything as it is now. Asks the cache's store for its state. */
  render(): Promise<string>;
  request(facts: RequestFacts): void;
  operation(facts: OperationFacts): void;
  job(facts: JobFacts): void;
}

export interface MetricsOptions {
  readonly cache: Cache;
  /** Default: the cache has one. */
  readonly stores?: MeasuredStores;
  readonly pool: () => PoolFacts;
  readonly queue: () => Promise<QueueState>;
  readonly payouts?: () => Promise<WaitingPayouts>;
}

/** Fields of the schema, and some more for what is to come. */
const fieldsMax = 200;

export function createMetrics({ cache, stores, pool, queue, payouts }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  measureCache(cache, registry, stores);
  measurePool(pool, registry);
  if (payouts) measurePayouts(payouts, registry);
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: secondsBuckets,
    registers,
  });
  const operations = new Histogram({
    name: 'graphql_operation_duration_seconds',
    help: 'Time of a GraphQL operation, by its root field.',
    labelNames: ['kind', 'field', 'result'],
    buckets: secondsBuckets,
    registers,
  });
  const job = measureJobs(queue, registry);
  const field = atMost(fieldsMax);
  return {
    job,
    contentType: registry.contentType,
    render: async () => `${await registry.metrics()}\n${await processRegistry().metrics()}`,
    request: ({ method, route, status, tookMs }) =>
      requests.observe({ method, route, status: String(status) }, tookMs / 1000),
    operation: (facts) =>
      operations.observe(
        { kind: facts.kind, field: field(facts.field), result: facts.hasErrors ? 'error' : 'ok' },
        facts.tookMs / 1000,
      ),
  };
}

function measurePool(pool: () => PoolFacts, registry: Registry): void {
  registry.registerMetric(
    new Gauge({
      name: 'pg_pool_connections',
      help: 'Connections to PostgreSQL.',
      labelNames: ['state'],
      registers: [],
      collect() {
        const { total, idle } = pool();
        this.set({ state: 'idle' }, idle);
        this.set({ state: 'busy' }, total - idle);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'pg_pool_waiting',
      help: 'Statements that wait for a connection.',
      registers: [],
      collect() {
        this.set(pool().waiting);
      },
    }),
  );
}

let ofProcess: Registry | undefined;

/** Memory, event loop, garbage collection: measured once however many servers the process has, and from the first scrape on. */
function processRegistry(): Registry {
  if (ofProcess) return ofProcess;
  ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  return ofProcess;
}
