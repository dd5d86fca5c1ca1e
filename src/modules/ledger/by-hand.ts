import {
  AppError,
  badInput,
  isStorable,
  notStorable,
  requireUser,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';

const reasonLengthMax = 500;

/** Those who book by hand. @throws AppError UNAUTHENTICATED, FORBIDDEN */
export function requireFinance(viewer: Viewer): UserViewer {
  const user = requireUser(viewer);
  if (!user.roles.has('FINANCE')) throw needsFinance();
  return user;
}

/** Reads the role where it is granted: one that was taken a moment ago books nothing. @throws AppError FORBIDDEN */
export async function stillFinance(tx: Tx, { tenantId, userId }: UserViewer): Promise<void> {
  const grants = await tx.$queryRaw<unknown[]>`
    SELECT id FROM role_grant
    WHERE tenant_id = ${tenantId}::uuid AND user_id = ${userId}::uuid AND role = 'FINANCE' FOR SHARE`;
  if (grants.length === 0) throw needsFinance();
}

/** What a booking by hand says for itself, without spaces around it. @throws AppError BAD_INPUT */
export function parseReason(path: string, reason: string): string {
  const text = reason.trim();
  if (!isStorable(text)) throw badInput(path, notStorable);
  if (text.length >= 1 && text.length <= reasonLengthMax) return text;
  throw badInput(path, `takes 1 to ${reasonLengthMax} characters, got ${text.length}.`);
}

function needsFinance(): AppError {
  return new AppError('FORBIDDEN', 'Booking by hand needs the role FINANCE.');
}
