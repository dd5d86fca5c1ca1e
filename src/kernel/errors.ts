/**
 * Every failure a caller can act on, as one closed list. `graphql/errors.ts` maps each code to its presentation in a
 * total table, so a code without one does not compile. Anything that is not an AppError is a defect and is masked.
 */
export const errorCodes = [
  'BAD_INPUT',
  'UNAUTHENTICATED',
  'INVALID_CREDENTIALS',
  'SESSION_REUSED',
  'FORBIDDEN',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'VERSION_CONFLICT',
  'ILLEGAL_TRANSITION',
  'IDEMPOTENCY_CONFLICT',
  'INSUFFICIENT_FUNDS',
  'LIMIT_EXCEEDED',
  'RATE_LIMITED',
  'UNAVAILABLE',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** One faulty part of the input: where it stands (`input.budget.minor`) and what was wrong with it. */
export interface FieldFault {
  readonly path: string;
  readonly message: string;
}

export interface AppErrorOptions {
  /** The same call may succeed later, unchanged. Default false. */
  readonly retryable?: boolean;
  readonly fields?: readonly FieldFault[];
  readonly cause?: unknown;
}

/** A failure with a code from the closed list. The message is written for the caller: what was wrong, what is accepted. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly fields: readonly FieldFault[];

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.fields = options.fields ?? [];
  }
}

export function badInput(path: string, message: string): AppError {
  return new AppError('BAD_INPUT', `${path}: ${message}`, { fields: [{ path, message }] });
}

export function notFound(what: string, id: string): AppError {
  return new AppError('NOT_FOUND', `No ${what} with id ${id} that you may see.`);
}
