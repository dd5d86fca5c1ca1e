import { createHash } from 'node:crypto';
import { AppError, badInput, uuidOf, type UserViewer } from '../../kernel/index.js';

/** A call that its caller may repeat without repeating its effect. */
export interface KeyedCall {
  /** What is asked for: the name of the mutation. */
  readonly operation: string;
  /** The caller's own; see `parseIdempotencyKey`. */
  readonly key: string;
  /** All that the caller asked but the key, in a canonical form: equal requests have equal texts. */
  readonly request: string;
}

/** Whose key it is and for what: the same key of somebody else, or for another operation, is another key. */
export interface Scope {
  readonly tenantId: string;
  readonly actorId: string;
  readonly operation: string;
  readonly key: string;
}

export const idempotencyKeyLengthMax = 255;

/** @param path where the key stands, for the fault @throws AppError BAD_INPUT */
export function parseIdempotencyKey(path: string, key: string): string {
  if (key.length >= 1 && key.length <= idempotencyKeyLengthMax) return key;
  throw badInput(path, `takes 1 to ${idempotencyKeyLengthMax} characters, got ${key.length}.`);
}

export function scopeOf({ tenantId, userId }: UserViewer, { operation, key }: KeyedCall): Scope {
  return { tenantId, actorId: userId, operation, key };
}

/** A name of the call that is the same whenever it is repeated, whatever it asks for. */
export function nameOf({ tenantId, actorId, operation, key }: Scope): string {
  return uuidOf(`keyed call:${tenantId}:${actorId}:${operation}:${key}`);
}

export function requestHashOf({ request }: KeyedCall): Buffer {
  return createHash('sha256').update(request).digest();
}

export function conflict({ operation, key }: KeyedCall, cause?: unknown): AppError {
  return new AppError(
    'IDEMPOTENCY_CONFLICT',
    `The idempotency key "${key}" was used for another ${operation} already: repeat that one unchanged, or use a new key.`,
    { cause },
  );
}
