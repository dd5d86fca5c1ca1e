export { createLogger, type LoggerOptions } from './logger.js';
export { logCacheEvents } from './cache-log.js';
export {
  createMetrics,
  type Metrics,
  type MetricsOptions,
  type OperationFacts,
  type PoolFacts,
  type RequestFacts,
} from './metrics.js';
export type { JobFacts, QueueState } from './job-metrics.js';
export { tracedCache } from './cache-tracing.js';
export { startOpenTelemetry, type OpenTelemetry, type TracingOptions } from './tracing.start.js';
