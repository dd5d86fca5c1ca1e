import { Field, ObjectType } from 'type-graphql';

/** What every answer to an `@Idempotent` mutation says beside its own. */
@ObjectType()
export abstract class ReplayablePayload {
  @Field(() => Boolean, {
    simple: true,
    description:
      'An earlier call with this `idempotencyKey` did it, and this is what it answered; nothing moved this time.',
  })
  isReplay!: boolean;
}
