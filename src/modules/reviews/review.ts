import { AppError, isStaff, type FieldFault, type UserViewer, type Viewer } from '../../kernel/index.js';
import type { Review as ReviewRow } from '../../db/index.js';
import { requireVersion, textFaults, type Errand, type ErrandState } from '../errands/index.js';

export type Review = Readonly<ReviewRow>;

/** What one user is given by all whose reviews of them are visible; the average is exactly sum / count. */
export interface Rating {
  readonly userId: string;
  readonly sum: number;
  readonly count: number;
}

export interface ReviewInput {
  /** 1 to 5. */
  readonly stars: number;
  /** Up to 1,000 characters; without it the stars stand alone. */
  readonly text?: string | null | undefined;
}

/** An errand has ended in these. */
export const endStates = ['COMPLETED', 'CANCELLED', 'EXPIRED'] as const satisfies readonly ErrandState[];

/** How long after the end of an errand its parties may review each other. */
export const reviewWindowMs = 14 * 24 * 60 * 60 * 1000;

export const starsMin = 1;
export const starsMax = 5;
export const reviewTextLengthMax = 1000;

/** Everything a review is decided by. */
export interface ReviewFacts {
  readonly errand: Errand;
  /** Undefined while it goes on. */
  readonly endedAt: Date | undefined;
  /** What the author gave before. */
  readonly own: Review | undefined;
  readonly expectedVersion: number | null | undefined;
}

export interface ReviewTerms {
  readonly subjectId: string;
  /** From then on nobody gives one, and all that were given are visible. */
  readonly closesAt: Date;
}

/**
 * Whether somebody may review now, and whom. Pure, and blind: nothing of what the other party gave is among the facts, so no
 * refusal can tell of it before it is visible.
 * @throws AppError FORBIDDEN (no party), ILLEGAL_TRANSITION (not ended, nobody ran it, too late, visible already),
 * ALREADY_EXISTS, VERSION_CONFLICT
 */
export function decideReview(facts: ReviewFacts, author: UserViewer, now: Date): ReviewTerms {
  const { errand, endedAt, own, expectedVersion } = facts;
  const { customerId, runnerId } = errand;
  if (author.userId !== customerId && author.userId !== runnerId)
    throw new AppError('FORBIDDEN', 'Only the customer and the runner of an errand review each other.');
  if (!endedAt || runnerId === null)
    throw illegal(`The errand is ${errand.state}: it is reviewed once it is ${endStates.join(', ')} with a runner.`);
  const closesAt = new Date(endedAt.getTime() + reviewWindowMs);
  if (own && own.visibleAt <= now) throw illegal('Your review is visible to others, and stays as it is.');
  if (now >= closesAt) throw illegal(`The errand could be reviewed until ${closesAt.toISOString()}.`);
  requireOwnVersion(own, expectedVersion);
  return { subjectId: author.userId === customerId ? runnerId : customerId, closesAt };
}

function requireOwnVersion(own: Review | undefined, expectedVersion: number | null | undefined): void {
  if (own && expectedVersion == null)
    throw new AppError(
      'ALREADY_EXISTS',
      `You have reviewed this errand: to replace that, send expectedVersion ${own.version}.`,
    );
  if (own) return requireVersion(own, expectedVersion, 'review');
  if (expectedVersion != null)
    throw new AppError('VERSION_CONFLICT', 'You have not reviewed this errand yet: leave expectedVersion out.');
}

function illegal(message: string): AppError {
  return new AppError('ILLEGAL_TRANSITION', message);
}

/** Its author sees a review always; others from `visibleAt` on, unless it is hidden; hidden ones staff sees, too. */
export function canSeeReview(viewer: Viewer, review: Review, now: Date): boolean {
  if (viewer.tenantId !== review.tenantId) return false;
  if (viewer.kind === 'user' && viewer.userId === review.authorId) return true;
  if (review.visibleAt > now) return false;
  return review.hiddenAt === null || isStaffFor(viewer, review);
}

/** Staff who is a party is a party. */
export function isStaffFor(viewer: Viewer, { subjectId, authorId }: Review): boolean {
  return viewer.kind === 'user' && isStaff(viewer) && viewer.userId !== subjectId && viewer.userId !== authorId;
}

export function starsFaults(path: string, stars: number): readonly FieldFault[] {
  if (Number.isInteger(stars) && stars >= starsMin && stars <= starsMax) return [];
  return [{ path, message: `takes a whole number from ${starsMin} to ${starsMax}, got ${stars}.` }];
}

/** Control characters but tab and line feed, and those that turn the direction of what stands around them. */
const unreadable = /[^\P{Cc}\t\n]|[\u202A-\u202E\u2066-\u2069]/u;

export function reviewTextFaults(path: string, text: string | null): readonly FieldFault[] {
  const faults = textFaults(path, text, reviewTextLengthMax);
  if (faults.length > 0 || text === null || !unreadable.test(text)) return faults;
  return [{ path, message: 'holds control characters; it takes text with tabs and line feeds.' }];
}
