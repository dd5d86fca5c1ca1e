import { AppError, requireUser, type UserViewer, type Viewer } from '../kernel/index.js';

/** Whoever operates the cache, and how far their hand reaches. */
export interface Operator {
  /** For the log: a user's id, or `command line`. */
  readonly name: string;
  /** Undefined for the command line. */
  readonly userId?: string;
  /** As whom they signed in; undefined for the command line. */
  readonly viewer?: UserViewer;
  /** The id of the one market they may act on; undefined: the whole installation. */
  readonly tenant: string | undefined;
}

/** The command line on the servers' own machines: whoever has their environment has the whole installation anyway. */
export const commandLine: Operator = { name: 'command line', tenant: undefined };

/**
 * An admin acts on their own market; one of the platform's market acts on all of them.
 * @param platformTenant the id of the platform's market, if there is one
 * @throws AppError UNAUTHENTICATED, FORBIDDEN
 */
export function operatorOf(viewer: Viewer, platformTenant: string | undefined): Operator {
  const user = requireUser(viewer);
  const { userId, tenantId, roles } = user;
  if (!roles.has('ADMIN')) throw new AppError('FORBIDDEN', 'This needs the role ADMIN.');
  return { name: userId, userId, viewer: user, tenant: tenantId === platformTenant ? undefined : tenantId };
}

/** @returns the one market to act on; undefined: all @throws AppError FORBIDDEN when that is somebody else's */
export function reachOf(operator: Operator, wanted: string | undefined): string | undefined {
  if (operator.tenant === undefined || wanted === operator.tenant) return wanted;
  if (wanted === undefined) return operator.tenant;
  throw new AppError('FORBIDDEN', 'You are an admin of another market; its entries are not yours to act on.');
}

/** @throws AppError FORBIDDEN */
export function requireWholeInstallation(operator: Operator, what: string): void {
  if (operator.tenant === undefined) return;
  throw new AppError('FORBIDDEN', `${what} of the whole installation, and you are an admin of one market.`);
}
