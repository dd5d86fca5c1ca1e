export { decideReview, reviewWindowMs, type Rating, type Review, type ReviewInput } from './review.js';
export { createReviewService, reviewCursor, type ReviewService, type ReviewServiceDeps } from './review.service.js';
