import { Arg, Args, Authorized, Ctx, FieldResolver, Float, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { Errand } from '../../modules/errands/index.js';
import { reviewCursor, type Review } from '../../modules/reviews/index.js';
import type { UserRecord } from '../../modules/users/index.js';
import { parseId } from '../common/ids.js';
import { PageArgs, toConnection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import { ErrandType } from '../errand/errand.type.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { UserType } from '../user/user.type.js';
import { ReviewConnectionType, ReviewInput, ReviewPayload, ReviewType } from './review.type.js';

/** Read from the database whenever somebody asks: whether a review is visible changes with the clock. */
@Resolver(() => ReviewType)
export class ReviewResolver {
  @Authorized()
  @Mutation(() => ReviewPayload, {
    description:
      'Reviews the other party of an errand that has ended, within 14 days. Nobody sees it before they gave theirs, or that time is over; until then it can be replaced.',
  })
  @Idempotent()
  async reviewUser(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('input', () => ReviewInput) input: ReviewInput,
    @Arg('expectedVersion', () => Int, {
      nullable: true,
      description: 'To replace your review: its version. Leave it out the first time.',
    })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { review: await services.reviews.give(viewer, parseId('errandId', errandId), input, expectedVersion) };
  }

  @Authorized('SUPPORT', 'ADMIN')
  @Mutation(() => ReviewPayload, {
    description: 'Takes a visible review out of sight and out of the rating. Not by whom it is by or about.',
  })
  @Idempotent()
  async hideReview(
    @Arg('id', () => ID) id: string,
    @Arg('reason', () => String, { description: '1 to 500 characters; its author reads it.' }) reason: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The review's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { review: await services.reviews.hide(viewer, parseId('id', id), reason, expectedVersion) };
  }

  @Authorized('SUPPORT', 'ADMIN')
  @Mutation(() => ReviewPayload, {
    description: 'Shows a review that was hidden again, and counts it. Not by whom it is by or about.',
  })
  @Idempotent()
  async unhideReview(
    @Arg('id', () => ID) id: string,
    @Arg('reason', () => String, { description: '1 to 500 characters, for the audit log.' }) reason: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The review's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { review: await services.reviews.unhide(viewer, parseId('id', id), reason, expectedVersion) };
  }

  @FieldResolver(() => ErrandType, { description: 'What it was about.' })
  async errand(@Root() review: Review, @Ctx() { loaders }: GraphqlContext) {
    return loaders.errandById.load(review.errandId);
  }

  @FieldResolver(() => UserType, { description: 'Who says it.' })
  async author(@Root() review: Review, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(review.authorId);
  }

  @FieldResolver(() => UserType, { description: 'Of whom.' })
  async subject(@Root() review: Review, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(review.subjectId);
  }
}

@Resolver(() => ErrandType)
export class ErrandReviewsResolver {
  @FieldResolver(() => [ReviewType], {
    description: 'Those that are visible, oldest first, and your own. Of the other one nothing can be told before.',
  })
  async reviews(@Root() errand: Errand, @Ctx() { loaders, services, viewer }: GraphqlContext) {
    return services.reviews.shownTo(viewer, await loaders.reviewsByErrandId.load(errand.id));
  }
}

@Resolver(() => UserType)
export class UserReviewsResolver {
  @FieldResolver(() => Float, {
    nullable: true,
    description: 'Average stars of the visible reviews about them, 1 to 5; null without any.',
  })
  async rating(@Root() user: UserRecord, @Ctx() { loaders }: GraphqlContext) {
    const rating = await loaders.ratingByUserId.load(user.id);
    return rating && rating.sum / rating.count;
  }

  @FieldResolver(() => Int, { description: 'How many visible reviews that is the average of.' })
  async ratingCount(@Root() user: UserRecord, @Ctx() { loaders }: GraphqlContext) {
    return (await loaders.ratingByUserId.load(user.id))?.count ?? 0;
  }

  @FieldResolver(() => ReviewConnectionType, { description: 'Visible reviews about them, newest first.' })
  async reviews(
    @Root() user: UserRecord,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return toConnection(await services.reviews.about(viewer, user.id, args), args.after, reviewCursor);
  }
}
