import { uuidOf } from '../kernel/index.js';
import { newAuditRow } from '../modules/audit/index.js';
import { decideReview } from '../modules/reviews/index.js';
import { known, type Stage } from './stage.js';

export interface ReviewStories {
  /** One party of an errand that has ended says what it thinks of the other. */
  review(errandId: string, by: 'customer' | 'runner', stars: number, text: string | null, at: Date): void;
  /** Support takes a visible one out of sight. */
  hideReview(errandId: string, by: 'customer' | 'runner', reason: string, at: Date): void;
}

export function createReviewStories({ cast, rows, ...stage }: Stage): ReviewStories {
  const authorOf = (errandId: string, by: 'customer' | 'runner') =>
    by === 'customer' ? stage.customerOf(errandId) : stage.runnerOf(errandId);
  const { reviews } = rows;

  return {
    review(errandId, by, stars, text, at) {
      const errand = stage.errandOf(errandId);
      const author = authorOf(errandId, by);
      const facts = { errand, endedAt: stage.endedAt(errandId), own: undefined, expectedVersion: undefined };
      const { subjectId, closesAt } = decideReview(facts, author, at);
      const other = reviews.get(`${errandId}:${subjectId}`);
      if (other && other.visibleAt > at) {
        const shown = { visibleAt: at, updatedAt: at, version: other.version + 1 };
        reviews.set(`${errandId}:${subjectId}`, { ...other, ...shown });
      }
      const { tenantId, userId: authorId } = author;
      const id = uuidOf(`demo:review:${errandId}:${authorId}`);
      const said = { id, tenantId, errandId, authorId, subjectId, stars, text, visibleAt: other ? at : closesAt };
      const stamps = { hiddenAt: null, hiddenReason: null, version: 1, createdAt: at, updatedAt: at };
      reviews.set(`${errandId}:${authorId}`, { ...said, ...stamps });
    },
    hideReview(errandId, by, reason, at) {
      const key = `${errandId}:${authorOf(errandId, by).userId}`;
      const review = known(reviews.get(key), `review ${key}`);
      const { id, authorId, subjectId, stars, text, version } = review;
      reviews.set(key, { ...review, hiddenAt: at, hiddenReason: reason, version: version + 1, updatedAt: at });
      const before = { authorId, subjectId, errandId, stars, text, isHidden: false };
      const act = { action: 'hideReview', targetId: id, before, after: { isHidden: true }, reason } as const;
      rows.auditEntries.push(newAuditRow(uuidOf(`demo:audit:${id}`), cast.staff.support, act, at));
    },
  };
}
