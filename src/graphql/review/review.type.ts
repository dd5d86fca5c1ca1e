import { GraphQLDateTime } from 'graphql-scalars';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionTypeOf } from '../common/relay.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

@ObjectType('Review', {
  simpleResolvers: true,
  description: 'What one party of an errand says of the other. Never from a cache.',
})
export class ReviewType {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: '1 to 5.' })
  stars!: number;

  @Field(() => String, { nullable: true, description: 'What they say beside the stars.' })
  text!: string | null;

  @Field(() => Int, { description: 'Grows with every change.' })
  version!: number;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;

  @Field(() => GraphQLDateTime, {
    description:
      'From when on others see it: when both parties gave theirs, at the latest 14 days after the errand ended.',
  })
  visibleAt!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When staff hid it. Hidden ones are shown to their author and to staff only.',
  })
  hiddenAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why staff hid it.' })
  hiddenReason!: string | null;
}

export const ReviewConnectionType = connectionTypeOf('Review', () => ReviewType);

@InputType()
export class ReviewInput {
  @Field(() => Int, { description: '1 to 5.' })
  stars!: number;

  @Field(() => String, { nullable: true, description: 'Up to 1,000 characters, without control characters.' })
  text?: string | null;
}

@ObjectType({ simpleResolvers: true })
export class ReviewPayload extends ReplayablePayload {
  @Field(() => ReviewType)
  review!: unknown;
}
