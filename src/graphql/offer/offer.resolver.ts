import { Arg, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { families, tags } from '../../invalidation/index.js';
import type { Offer } from '../../modules/errands/index.js';
import { Cached } from '../caching/cached.js';
import { parseId } from '../common/ids.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { ErrandType } from '../errand/errand.type.js';
import { EscrowPayload } from '../escrow/escrow.type.js';
import { UserType } from '../user/user.type.js';
import { MakeOfferInput, OfferPayload, OfferType } from './offer.type.js';

@Resolver(() => OfferType)
export class OfferResolver {
  @Authorized()
  @Query(() => [OfferType], {
    description: 'Offers on an errand: all of them to its customer and staff, your own to you.',
  })
  @Cached<{ errandId: string }, readonly Offer[]>({
    type: 'OFFERS',
    key: ({ errandId }) => families.offers(parseId('errandId', errandId)),
    tags: ({ errandId }) => [tags.errand(parseId('errandId', errandId))],
  })
  async offers(@Arg('errandId', () => ID) errandId: string, @Ctx() { services, viewer }: GraphqlContext) {
    return services.offers.listFor(viewer, parseId('errandId', errandId));
  }

  @Authorized('RUNNER')
  @Mutation(() => OfferPayload, { description: 'Offers to do an open errand; one live offer a runner.' })
  @Idempotent()
  async makeOffer(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('input', () => MakeOfferInput) input: MakeOfferInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.offers.make(viewer, parseId('errandId', errandId), input, expectedVersion);
  }

  @Authorized()
  @Mutation(() => OfferPayload, { description: 'Takes a pending offer of yours back.' })
  @Idempotent()
  async withdrawOffer(
    @Arg('offerId', () => ID) offerId: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The offer's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.offers.withdraw(viewer, parseId('offerId', offerId), expectedVersion);
  }

  @Authorized()
  @Mutation(() => EscrowPayload, {
    description: "Takes a runner's offer; the errand then waits for its escrow to be funded.",
  })
  @Idempotent()
  async acceptOffer(
    @Arg('offerId', () => ID) offerId: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.acceptOffer(viewer, parseId('offerId', offerId), expectedVersion);
  }

  @FieldResolver(() => MoneyType)
  amount(@Root() offer: Offer) {
    return moneyOf(offer.amount, offer.currency);
  }

  @FieldResolver(() => UserType)
  async runner(@Root() offer: Offer, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(offer.runnerId);
  }

  @FieldResolver(() => ErrandType)
  async errand(@Root() offer: Offer, @Ctx() { loaders }: GraphqlContext) {
    return loaders.errandById.load(offer.errandId);
  }
}
