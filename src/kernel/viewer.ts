import { AppError } from './errors.js';

export const roles = ['CUSTOMER', 'RUNNER', 'SUPPORT', 'ARBITER', 'FINANCE', 'ADMIN'] as const;
export type Role = (typeof roles)[number];

/** Roles that look at other people's business as their job. */
const staffRoles: readonly Role[] = ['SUPPORT', 'ARBITER', 'FINANCE', 'ADMIN'];

interface ViewerBase {
  readonly tenantId: string;
  readonly roles: ReadonlySet<Role>;
}

export interface AnonymousViewer extends ViewerBase {
  readonly kind: 'anonymous';
}

export interface UserViewer extends ViewerBase {
  readonly kind: 'user';
  readonly userId: string;
  readonly sessionId: string;
  /** Of the request they ask with, where it has one. */
  readonly requestId?: string;
}

/** Who asks. Always inside one tenant, also when not signed in. */
export type Viewer = AnonymousViewer | UserViewer;

/** @throws AppError UNAUTHENTICATED */
export function requireUser(viewer: Viewer): UserViewer {
  if (viewer.kind === 'user') return viewer;
  throw new AppError('UNAUTHENTICATED', 'Sign in first: send "Authorization: Bearer <accessToken>".');
}

export function isStaff(viewer: Viewer): boolean {
  return staffRoles.some((role) => viewer.roles.has(role));
}
