import { GraphQLDateTime } from 'graphql-scalars';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { offerStates, type OfferState } from '../../modules/errands/index.js';
import { BigIntScalar } from '../common/scalars.js';
import { ErrandType } from '../errand/errand.type.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

export const OfferStateEnum = Object.fromEntries(offerStates.map((state) => [state, state]));
registerEnumType(OfferStateEnum, {
  name: 'OfferState',
  valuesConfig: {
    PENDING: { description: "The runner's price: the customer accepts it, counters it, or lets it be." },
    COUNTERED: { description: "The customer's price: the runner accepts it, answers it with another, or says no." },
    ACCEPTED: { description: 'Both have said yes to this very price.' },
    REJECTED: { description: 'The customer called the errand off.' },
    WITHDRAWN: { description: 'Taken back, or given back by its runner; or the runner said no to it.' },
    EXPIRED: { description: 'Nobody answered it, or funded it, in time.' },
    SUPERSEDED: {
      description: 'Another one was funded, it was answered with another price, or the errand was changed.',
    },
  } satisfies Record<OfferState, { description: string }>,
});

export const OfferPartyEnum = { CUSTOMER: 'CUSTOMER', RUNNER: 'RUNNER' } as const;
registerEnumType(OfferPartyEnum, { name: 'OfferParty', description: 'One of the two who name prices in turn.' });

@ObjectType('Offer', {
  simpleResolvers: true,
  description:
    'What an errand would be done for. Its price never changes: another price is another offer, which takes its place.',
})
export class OfferType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true })
  message!: string | null;

  @Field(() => OfferStateEnum)
  state!: string;

  @Field(() => Int, {
    description: 'How many prices were named before this one; 0 for the one that the runner began with.',
  })
  round!: number;

  @Field(() => ID, {
    nullable: true,
    description: 'The offer that this one answers with another price; null for the one that the runner began with.',
  })
  counterOf!: string | null;

  @Field(() => Int)
  version!: number;

  @Field(() => GraphQLDateTime)
  expiresAt!: Date;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;
}

@InputType()
export class MakeOfferInput {
  @Field(() => BigIntScalar, { description: "Minor units of the errand's currency." })
  amountMinor!: bigint;

  @Field(() => String, { nullable: true, description: 'Up to 1,000 characters to the customer.' })
  message?: string;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Default: when the errand expires.' })
  expiresAt?: Date;
}

@InputType()
export class CounterOfferInput {
  @Field(() => BigIntScalar, { description: "Minor units of the errand's currency, from 1 to 1,000,000,000." })
  amountMinor!: bigint;

  @Field(() => String, { nullable: true, description: 'Up to 1,000 characters to the other one.' })
  message?: string;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'Not after the errand expires. Default: when the offer that it answers would have expired.',
  })
  expiresAt?: Date;
}

@ObjectType('OfferPayload', { simpleResolvers: true })
export class OfferPayload extends ReplayablePayload {
  @Field(() => OfferType)
  offer!: unknown;

  @Field(() => ErrandType)
  errand!: unknown;
}
