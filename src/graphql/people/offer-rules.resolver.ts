import {
  Arg,
  Authorized,
  Ctx,
  Field,
  FieldResolver,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import type { OfferRules } from '../../modules/errands/index.js';
import { BigIntScalar } from '../common/scalars.js';
import type { GraphqlContext } from '../context.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

@ObjectType('OfferRules', {
  simpleResolvers: true,
  description: 'What this market asks of runners who make an offer. Never from a cache.',
})
export class OfferRulesType {
  @Field(() => Int, { description: 'Grows with every change; 0 while nothing was ever asked for.' })
  version!: number;

  @Field(() => Int, { description: 'The `kycTier` that a runner needs.' })
  tierNeeded!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'What is needed instead for budgets of more than `higherTierAbove`.',
  })
  higherTierNeeded!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "How far a runner's home may be from the pick-up, where both are known. Null: anywhere.",
  })
  withinKm!: number | null;
}

@InputType()
export class OfferRulesInput {
  @Field(() => Int, { nullable: true, description: '0 to 3. Default 0.' })
  tierNeeded?: number;

  @Field(() => Int, { nullable: true, description: 'From `tierNeeded` to 3; goes with `higherTierAboveMinor`.' })
  higherTierNeeded?: number;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Minor units of the currency of the market, of the budget with that for goods.',
  })
  higherTierAboveMinor?: bigint;

  @Field(() => Int, { nullable: true, description: '1 to 1,000. Default: anywhere.' })
  withinKm?: number;
}

@ObjectType('OfferRulesPayload', { simpleResolvers: true })
export class OfferRulesPayload extends ReplayablePayload {
  @Field(() => OfferRulesType)
  offerRules!: unknown;
}

@Resolver(() => OfferRulesType)
export class OfferRulesResolver {
  @Query(() => OfferRulesType, { description: 'What this market asks of runners. No sign-in needed.' })
  async offerRules(@Ctx() { services, viewer }: GraphqlContext) {
    return services.offerRules.get(viewer);
  }

  @Authorized('ADMIN')
  @Mutation(() => OfferRulesPayload, {
    description:
      'Says what the market asks of runners from now on, all of it at once: what is left out is not asked for.',
  })
  @Idempotent()
  async setOfferRules(
    @Arg('input', () => OfferRulesInput) input: OfferRulesInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: 'The version of the rules you decided on.' })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { offerRules: await services.offerRules.set(viewer, { ...input }, expectedVersion) };
  }

  @FieldResolver(() => BigIntScalar, {
    nullable: true,
    description: 'Minor units of the currency of the market, of the budget with that for goods.',
  })
  higherTierAboveMinor(@Root() rules: OfferRules) {
    return rules.higherTierAbove;
  }
}
