export * from './errors.js';
export * from './invariant.js';
export * from './money.js';
export * from './ids.js';
export * from './clock.js';
export * from './logger.js';
export * from './viewer.js';
export * from './page.js';
