import {
  AppError,
  isUuid,
  notFound,
  pageOf,
  pageRequest,
  requireUser,
  uuidv7,
  type Clock,
  type Page,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Db, Tx } from '../../db/index.js';
import { recordAct } from '../audit/index.js';
import {
  assertVisible,
  lockErrand,
  newestFirst,
  refuse,
  requireVersion,
  textFaults,
  type PageArgs,
} from '../errands/index.js';
import { endOf, lockReview, ratingsOf, reveal } from './review.repo.js';
import {
  canSeeReview,
  decideReview,
  isStaffFor,
  reviewTextFaults,
  starsFaults,
  type Rating,
  type Review,
  type ReviewInput,
} from './review.js';

/**
 * Customer and runner review each other when their errand has ended, double-blind: nobody but its author can tell whether
 * a review was given before both were, or the time to give one is over. Visibility is a matter of the clock when somebody
 * asks, so it is neither late nor early, and nothing fires.
 */
export interface ReviewService {
  /**
   * Reviews the other party, or replaces what the viewer said before, while nobody else can see it, with `expectedVersion`.
   * @throws AppError BAD_INPUT, NOT_FOUND, and what `decideReview` throws
   */
  give(viewer: Viewer, errandId: string, input: ReviewInput, expectedVersion?: number | null): Promise<Review>;
  /**
   * Takes a visible review out of sight and out of the rating; an entry of the audit log.
   * @throws AppError FORBIDDEN unless SUPPORT or ADMIN and no party to it, NOT_FOUND, VERSION_CONFLICT, ILLEGAL_TRANSITION, BAD_INPUT
   */
  hide(viewer: Viewer, id: string, reason: string, expectedVersion?: number | null): Promise<Review>;
  /** Shows a hidden review again, and counts it; an entry of the audit log. @throws AppError as `hide` */
  unhide(viewer: Viewer, id: string, reason: string, expectedVersion?: number | null): Promise<Review>;
  /** All of them, oldest first, for `shownTo`. */
  forErrands(tenantId: string, errandIds: readonly string[]): Promise<readonly Review[]>;
  /** What of these the viewer may see now. */
  shownTo(viewer: Viewer, reviews: readonly Review[]): readonly Review[];
  /** Visible ones about somebody of the viewer's market, newest first. */
  about(viewer: Viewer, userId: string, args: PageArgs): Promise<Page<Review>>;
  /** From the visible reviews, hidden ones apart. Who has none is left out. */
  ratings(tenantId: string, userIds: readonly string[]): Promise<readonly Rating[]>;
}

export interface ReviewServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
}

const reasonLengthMax = 500;

export function createReviewService({ db, clock }: ReviewServiceDeps): ReviewService {
  return {
    async give(viewer, errandId, input, expectedVersion) {
      const author = requireUser(viewer);
      const given = parseReview(input);
      return db.write((tx) => give(tx, author, errandId, given, expectedVersion, clock));
    },
    async hide(viewer, id, reason, expectedVersion) {
      const user = requireModerator(viewer);
      const asked = { id, reason: parseReason(reason), expectedVersion, isHidden: true };
      return db.write((tx) => show(tx, user, asked, clock));
    },
    async unhide(viewer, id, reason, expectedVersion) {
      const user = requireModerator(viewer);
      const asked = { id, reason: parseReason(reason), expectedVersion, isHidden: false };
      return db.write((tx) => show(tx, user, asked, clock));
    },
    forErrands: (tenantId, errandIds) =>
      db.read.review.findMany({
        where: { tenantId, errandId: { in: errandIds.filter(isUuid) } },
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      }),
    shownTo(viewer, reviews) {
      const now = clock.now();
      return reviews.filter((review) => canSeeReview(viewer, review, now));
    },
    async about({ tenantId }, userId, { first, after }) {
      const page = pageRequest(first ?? undefined, after ?? undefined, newestFirst.order);
      if (!isUuid(userId)) throw notFound('user', userId);
      const shown = { tenantId, subjectId: userId, visibleAt: { lte: clock.now() }, hiddenAt: null };
      const rows = await db.read.review.findMany({
        where: { AND: [shown, newestFirst.after(page.after)] },
        orderBy: [...newestFirst.orderBy],
        take: page.first + 1,
      });
      return pageOf(rows, page.first);
    },
    ratings: (tenantId, userIds) => ratingsOf(db.read, tenantId, userIds, clock.now()),
  };
}

/** Where a review stands in a list that is ordered newest first. */
export const reviewCursor = newestFirst.cursor;

interface Given {
  readonly stars: number;
  readonly text: string | null;
}

function parseReview({ stars, text }: ReviewInput): Given {
  const cleaned = text?.replaceAll('\r\n', '\n').trim() || null;
  refuse([...starsFaults('stars', stars), ...reviewTextFaults('text', cleaned)]);
  return { stars, text: cleaned };
}

function parseReason(reason: string): string {
  const text = reason.trim();
  refuse(text === '' ? [{ path: 'reason', message: 'takes 1 to 500 characters, got 0.' }] : []);
  refuse(textFaults('reason', text, reasonLengthMax));
  return text;
}

/** Under the errand's lock, so that of two reviews at once the second sees the first. */
async function give(
  tx: Tx,
  author: UserViewer,
  errandId: string,
  given: Given,
  expectedVersion: number | null | undefined,
  clock: Clock,
): Promise<Review> {
  const errand = await lockErrand(tx, author.tenantId, errandId);
  assertVisible(author, errand);
  const now = clock.now();
  const reviews = await tx.review.findMany({ where: { errandId: errand.id } });
  const own = reviews.find(({ authorId }) => authorId === author.userId);
  const facts = { errand, endedAt: await endOf(tx, errand), own, expectedVersion };
  const { subjectId, closesAt } = decideReview(facts, author, now);
  if (own) {
    const data = { ...given, version: own.version + 1, updatedAt: now };
    return tx.review.update({ where: { id: own.id }, data });
  }
  const isSecond = reviews.length > 0;
  if (isSecond) await reveal(tx, errand.id, now);
  const { tenantId, userId: authorId } = author;
  const stamps = { version: 1, createdAt: now, updatedAt: now };
  const names = { id: uuidv7(now.getTime()), tenantId, errandId: errand.id, authorId, subjectId };
  return tx.review.create({ data: { ...names, ...given, visibleAt: isSecond ? now : closesAt, ...stamps } });
}

interface Showing {
  readonly id: string;
  readonly reason: string;
  readonly expectedVersion: number | null | undefined;
  /** As it is to be. */
  readonly isHidden: boolean;
}

/** One that is not visible yet is NOT_FOUND to staff, too, who may know its subject. */
async function show(tx: Tx, user: UserViewer, asked: Showing, clock: Clock): Promise<Review> {
  const { id, reason, expectedVersion, isHidden } = asked;
  const review = await lockReview(tx, user.tenantId, id);
  const now = clock.now();
  if (!review || review.visibleAt > now) throw notFound('review', id);
  if (!isStaffFor(user, review))
    throw new AppError('FORBIDDEN', 'Whom a review is by or about neither hides nor shows it.');
  requireVersion(review, expectedVersion, 'review');
  if ((review.hiddenAt !== null) === isHidden)
    throw new AppError('ILLEGAL_TRANSITION', isHidden ? 'The review was hidden before.' : 'The review is not hidden.');
  const hiding = isHidden ? { hiddenAt: now, hiddenReason: reason } : { hiddenAt: null, hiddenReason: null };
  const data = { ...hiding, version: review.version + 1, updatedAt: now };
  const after = await tx.review.update({ where: { id }, data });
  const { authorId, subjectId, errandId, stars, text } = review;
  const before = { authorId, subjectId, errandId, stars, text, isHidden: !isHidden };
  const action = isHidden ? 'hideReview' : 'unhideReview';
  await recordAct(tx, user, { action, targetId: id, before, after: { isHidden }, reason }, now);
  return after;
}

/** @throws AppError UNAUTHENTICATED, FORBIDDEN */
function requireModerator(viewer: Viewer): UserViewer {
  const user = requireUser(viewer);
  if (user.roles.has('SUPPORT') || user.roles.has('ADMIN')) return user;
  throw new AppError('FORBIDDEN', 'Hiding a review, or showing it again, needs the role SUPPORT or ADMIN.');
}
