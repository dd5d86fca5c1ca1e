import { Arg, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { families, tags } from '../../invalidation/index.js';
import { isByCustomer, type Offer } from '../../modules/errands/index.js';
import { Cached } from '../caching/cached.js';
import { parseId } from '../common/ids.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { ErrandType } from '../errand/errand.type.js';
import { EscrowPayload } from '../escrow/escrow.type.js';
import { UserType } from '../user/user.type.js';
import { CounterOfferInput, MakeOfferInput, OfferPartyEnum, OfferPayload, OfferType } from './offer.type.js';

@Resolver(() => OfferType)
export class OfferResolver {
  @Authorized()
  @Query(() => [OfferType], {
    description:
      'Offers on an errand: all of them to its customer and staff; to you your own, with the prices that the customer answered them with.',
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
  @Mutation(() => OfferPayload, {
    description:
      'Takes a price that you named back while it waits for an answer; as the runner, also says no to one that the customer named.',
  })
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
  @Mutation(() => OfferPayload, {
    description:
      "Answers a runner's PENDING offer with another price, as its errand's customer: a COUNTERED offer that takes its place and waits for the runner. When the runner accepts it, that is agreed; until then you can take it back.",
  })
  @Idempotent()
  async counterOffer(
    @Arg('offerId', () => ID, { description: 'The offer that is answered.' }) offerId: string,
    @Arg('input', () => CounterOfferInput, { description: 'The price.' }) input: CounterOfferInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.offers.counter(viewer, { offerId: parseId('offerId', offerId), input, expectedVersion });
  }

  @Authorized('RUNNER')
  @Mutation(() => OfferPayload, {
    description:
      "Answers the customer's COUNTERED offer to you with another price: a PENDING offer that takes its place and waits for the customer.",
  })
  @Idempotent()
  async answerCounter(
    @Arg('offerId', () => ID, { description: 'The offer that is answered.' }) offerId: string,
    @Arg('input', () => CounterOfferInput, { description: 'The price.' }) input: CounterOfferInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.offers.answer(viewer, { offerId: parseId('offerId', offerId), input, expectedVersion });
  }

  @Authorized('RUNNER')
  @Mutation(() => EscrowPayload, {
    description:
      "Takes the customer's COUNTERED offer to you. The customer named the price, so that is agreed: the errand waits for its escrow to be funded.",
  })
  @Idempotent()
  async acceptCounter(
    @Arg('offerId', () => ID, { description: 'The offer whose price you say yes to.' }) offerId: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.acceptCounter(viewer, parseId('offerId', offerId), expectedVersion);
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

  @FieldResolver(() => OfferPartyEnum, { description: 'Who named the price; the other one says yes to it, or no.' })
  namedBy(@Root() offer: Offer) {
    return isByCustomer(offer) ? OfferPartyEnum.CUSTOMER : OfferPartyEnum.RUNNER;
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
