import { GraphQLDateTime } from 'graphql-scalars';
import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { escrowStates, milestoneStates, type EscrowState } from '../../modules/escrows/index.js';
import { connectionTypeOf, PageArgs } from '../common/relay.js';
import { BigIntScalar } from '../common/scalars.js';
import { ErrandType } from '../errand/errand.type.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

export const EscrowStateEnum = Object.fromEntries(escrowStates.map((state) => [state, state]));
registerEnumType(EscrowStateEnum, { name: 'EscrowState', description: "Where an errand's money stands." });

export const MilestoneStateEnum = Object.fromEntries(milestoneStates.map((state) => [state, state]));
registerEnumType(MilestoneStateEnum, {
  name: 'MilestoneState',
  description: 'Whether a step has been paid.',
  valuesConfig: {
    AGREED: { description: 'Waits to be released.' },
    RELEASED: { description: 'The runner has been paid for it.' },
  },
});

@ObjectType('Milestone', {
  simpleResolvers: true,
  description: 'A step of an errand that is paid before the whole is done.',
})
export class MilestoneType {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'From 1; `releaseMilestone` names it by this.' })
  seq!: number;

  @Field(() => String)
  title!: string;

  @Field(() => MilestoneStateEnum)
  state!: string;

  @Field(() => GraphQLDateTime, { nullable: true })
  releasedAt!: Date | null;
}

@InputType({ description: 'A step of an errand that is paid before the whole is done.' })
export class MilestoneInput {
  @Field(() => String, { description: '1 to 120 characters.' })
  title!: string;

  @Field(() => BigIntScalar, { description: 'Minor units of the service part, above 0; fees are taken out of it.' })
  amountMinor!: bigint;
}

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
