export { idempotencyKeyLengthMax, parseIdempotencyKey, type KeyedCall } from './keyed-call.js';
export {
  createIdempotencyService,
  type Answered,
  type IdempotencyService,
  type IdempotencyServiceDeps,
} from './idempotency.service.js';
