import { AppError } from '../kernel/index.js';

/** What the driver adapter says of a failed statement, inside Prisma's error. */
interface DriverFault {
  readonly kind?: unknown;
  readonly originalCode?: unknown;
}

/** The SQLSTATE of a failed statement, or Prisma's own code where the database said none. */
export function sqlCodeOf(error: unknown): string | undefined {
  const { code, meta } = (error ?? {}) as { code?: unknown; meta?: { code?: unknown } };
  const found = [driverFaultOf(error)?.originalCode, meta?.code, code].find((value) => typeof value === 'string');
  return found as string | undefined;
}

/** PostgreSQL unique_violation, and Prisma's name for it. */
const uniqueCodes: ReadonlySet<unknown> = new Set(['23505', 'P2002']);

/** A row with the same unique value was there first. */
export function isUniqueViolation(error: unknown): boolean {
  return uniqueCodes.has(sqlCodeOf(error));
}

/** PostgreSQL: serialization_failure, deadlock_detected; Prisma's own name for both. */
const contentionCodes: ReadonlySet<unknown> = new Set(['40001', '40P01', 'P2034']);

/** The same transaction, run again, may succeed. */
export function isContention(error: unknown): boolean {
  return contentionCodes.has(sqlCodeOf(error));
}

/** Prisma: cannot reach, timed out, no such database, closed, no free connection, transaction not started or lost. */
const unreachableCodes: ReadonlySet<unknown> = new Set([
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'ECONNREFUSED',
  'ECONNRESET',
]);
const unreachableKinds: ReadonlySet<unknown> = new Set([
  'DatabaseNotReachable',
  'DatabaseDoesNotExist',
  'ConnectionClosed',
  'TooManyConnections',
  'SocketTimeout',
]);
/** SQLSTATE: connection exceptions, insufficient resources, lock_not_available, operator intervention (shutdown, crash), no such database. */
const unreachableStates = /^(08|53|55P03|57P|3D)/;

/** What the driver says, without a code, of a statement whose connection broke. */
const cutConnection = /^Connection terminated/;

/** The fault as a caller may see it when the database is away or full; undefined when it is another fault. */
export function unavailable(error: unknown): AppError | undefined {
  const code = sqlCodeOf(error);
  const isAway =
    unreachableCodes.has(code) ||
    unreachableKinds.has(driverFaultOf(error)?.kind) ||
    (error instanceof Error && cutConnection.test(error.message)) ||
    (code !== undefined && unreachableStates.test(code));
  if (!isAway) return undefined;
  return new AppError('UNAVAILABLE', 'The database cannot be reached, or is too busy, right now; try again.', {
    retryable: true,
    cause: error,
  });
}

function driverFaultOf(error: unknown): DriverFault | undefined {
  const { cause, meta } = (error ?? {}) as { cause?: unknown; meta?: { driverAdapterError?: { cause?: unknown } } };
  return (meta?.driverAdapterError?.cause ?? cause) as DriverFault | undefined;
}
