import { GraphQLDateTime } from 'graphql-scalars';
import { ArgsType, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { escrowStates, type EscrowState } from '../../modules/escrows/index.js';
import { connectionTypeOf, PageArgs } from '../common/relay.js';
import { ErrandType } from '../errand/errand.type.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

export const EscrowStateEnum = Object.fromEntries(escrowStates.map((state) => [state, state]));
registerEnumType(EscrowStateEnum, { name: 'EscrowState', description: "Where an errand's money stands." });

@ObjectType('Escrow', {
  simpleResolvers: true,
  description: "An errand's money between customer and runner. Only the two and staff see it.",
})
export class EscrowType {
  @Field(() => ID)
  id!: string;

  @Field(() => EscrowStateEnum)
  state!: string;

  @Field(() => Int)
  version!: number;

  @Field(() => GraphQLDateTime, { nullable: true })
  fundedAt!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When its runner gave the errand back; an offer accepted later has an escrow of its own.',
  })
  retiredAt!: Date | null;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;

  @Field(() => GraphQLDateTime)
  updatedAt!: Date;
}

export const EscrowConnectionType = connectionTypeOf('Escrow', () => EscrowType);

@ArgsType()
export class MyEscrowsArgs extends PageArgs {
  @Field(() => EscrowStateEnum, { nullable: true })
  state?: EscrowState;
}

@ObjectType('EscrowPayload', { simpleResolvers: true, description: 'Escrow and errand as the mutation left them.' })
export class EscrowPayload extends ReplayablePayload {
  @Field(() => EscrowType)
  escrow!: unknown;

  @Field(() => ErrandType)
  errand!: unknown;
}

@ObjectType('CancelErrandPayload', { simpleResolvers: true })
export class CancelErrandPayload extends ReplayablePayload {
  @Field(() => ErrandType)
  errand!: unknown;

  @Field(() => EscrowType, { nullable: true, description: 'Null when nobody had been accepted yet.' })
  escrow!: unknown;
}
