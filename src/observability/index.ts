export { createLogger, type LoggerOptions } from './logger.js';
export { logCacheEvents } from './cache-log.js';
