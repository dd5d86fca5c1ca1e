import type { AuthCheckerFn } from 'type-graphql';
import { AppError, requireUser, type Role } from '../kernel/index.js';
import type { GraphqlContext } from './context.js';

/** `@Authorized()`: signed in. `@Authorized('ADMIN', …)`: signed in with one of the roles. */
export const authChecker: AuthCheckerFn<GraphqlContext, Role> = ({ context }, wanted) => {
  const viewer = requireUser(context.viewer);
  if (wanted.length === 0 || wanted.some((role) => viewer.roles.has(role))) return true;
  throw new AppError('FORBIDDEN', `This needs the role ${wanted.join(' or ')}.`);
};
