import { isUniqueViolation, sqlCodeOf, type UserStatus } from '../../db/index.js';
import { AppError, notFound, type FieldFault } from '../../kernel/index.js';
import type { RefreshVerdict } from './session.js';
import { inactiveFault } from './user.js';

/** Prisma's name and PostgreSQL's own. */
const foreignKeyCodes: ReadonlySet<unknown> = new Set(['P2003', '23503']);

/** What the database refused of a new account, in the caller's terms; anything else as it is. */
export function signUpFault(error: unknown, tenantId: string): unknown {
  if (foreignKeyCodes.has(sqlCodeOf(error))) return notFound('tenant', tenantId);
  const column = isUniqueViolation(error) ? takenColumn(error) : undefined;
  if (!column) return error;
  const message = 'belongs to another account of this market; sign in instead.';
  const fault: FieldFault = { path: `input.${column}`, message };
  return new AppError('ALREADY_EXISTS', `${fault.path}: ${fault.message}`, { fields: [fault], cause: error });
}

/** The driver names the unique index that refused, in a place that differs between Prisma and its adapters. */
function takenColumn(error: unknown): 'email' | 'phone' | undefined {
  const told = JSON.stringify((error as { readonly meta?: unknown }).meta ?? {});
  return (['email', 'phone'] as const).find((column) => told.includes(`app_user_tenant_id_${column}_key`));
}

export type RefusedRefresh = Exclude<RefreshVerdict, 'rotate'>;

export function refreshFault(verdict: RefusedRefresh, status: UserStatus): AppError {
  switch (verdict) {
    case 'reused':
      return new AppError(
        'SESSION_REUSED',
        'This refresh token was used before. Somebody may have a copy, so the session has been ended: sign in again.',
      );
    case 'overtaken':
      return new AppError(
        'VERSION_CONFLICT',
        'Another request is refreshing this session right now: go on with the tokens it gets and do not send this one again.',
      );
    case 'inactive':
      return inactiveFault(status);
    case 'ended':
      return sessionEnded();
  }
}

export function sessionEnded(): AppError {
  return new AppError('UNAUTHENTICATED', 'This session has ended: sign in again.');
}
