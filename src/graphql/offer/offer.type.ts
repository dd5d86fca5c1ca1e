import { GraphQLDateTime } from 'graphql-scalars';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { offerStates } from '../../modules/errands/index.js';
import { BigIntScalar } from '../common/scalars.js';
import { ErrandType } from '../errand/errand.type.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

export const OfferStateEnum = Object.fromEntries(offerStates.map((state) => [state, state]));
registerEnumType(OfferStateEnum, { name: 'OfferState' });

@ObjectType('Offer', { simpleResolvers: true, description: 'What a runner would do an errand for.' })
export class OfferType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true })
  message!: string | null;

  @Field(() => OfferStateEnum)
  state!: string;

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

@ObjectType('OfferPayload', { simpleResolvers: true })
export class OfferPayload extends ReplayablePayload {
  @Field(() => OfferType)
  offer!: unknown;

  @Field(() => ErrandType)
  errand!: unknown;
}
