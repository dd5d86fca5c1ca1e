import { AppError, badInput, type UserViewer } from '../../kernel/index.js';
import type { Permissions } from '../users/index.js';
import { refuse, textFaults } from '../errands/index.js';
import type { HeldPerson } from './person.lock.js';

/** How far an identity can be checked: 0 is not at all. */
export const tierMax = 3;
const noteLengthMax = 500;

/** Who looks after people. @throws AppError FORBIDDEN */
export function requireCare(viewer: Pick<UserViewer, 'roles'>): void {
  if (!viewer.roles.has('SUPPORT') && !viewer.roles.has('ADMIN'))
    throw new AppError('FORBIDDEN', 'This needs the role SUPPORT or ADMIN.');
}

/**
 * Whether somebody of staff may change how another stands. Pure; both as they are under lock.
 * @throws AppError FORBIDDEN: oneself; without the role; staff without being an admin
 */
export function requireSay(by: Permissions, about: Permissions): void {
  if (by.userId === about.userId) throw new AppError('FORBIDDEN', 'Nobody decides about their own account.');
  const viewer = { roles: new Set(by.roles) };
  if (by.status !== 'ACTIVE') throw new AppError('FORBIDDEN', 'Your account is suspended or closed.');
  requireCare(viewer);
  const isColleague = about.roles.some((role) => role !== 'CUSTOMER' && role !== 'RUNNER');
  if (isColleague && !viewer.roles.has('ADMIN'))
    throw new AppError('FORBIDDEN', 'About the account of somebody of staff an admin decides.');
}

/** @throws AppError ILLEGAL_TRANSITION */
export function requireStatus({ status }: HeldPerson, wanted: HeldPerson['status']): void {
  if (status === wanted) return;
  throw new AppError('ILLEGAL_TRANSITION', `The account is ${status}; this needs one that is ${wanted}.`);
}

/** @throws AppError BAD_INPUT */
export function parseTier(tier: number): number {
  if (Number.isInteger(tier) && tier >= 0 && tier <= tierMax) return tier;
  throw badInput('tier', `takes a whole number from 0 to ${tierMax}, got ${tier}.`);
}

/** What staff says for itself, without spaces around it. @throws AppError BAD_INPUT */
export function parseNote(path: string, note: string): string {
  const text = note.trim();
  refuse(text === '' ? [{ path, message: `takes 1 to ${noteLengthMax} characters, got 0.` }] : []);
  refuse(textFaults(path, text, noteLengthMax));
  return text;
}
