import { GraphQLDateTime } from 'graphql-scalars';
import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import {
  payoutStateMeanings,
  payoutStates,
  payoutTransitionNames,
  payoutTransitions,
  type Payout,
  type PayoutState,
} from '../../modules/payouts/index.js';
import { MoneyInput } from '../common/money.type.js';
import { connectionTypeOf, PageArgs } from '../common/relay.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

export const PayoutStateEnum = Object.fromEntries(payoutStates.map((state) => [state, state]));
registerEnumType(PayoutStateEnum, {
  name: 'PayoutState',
  description: 'Where a payout stands, and with it its money.',
  valuesConfig: Object.fromEntries(payoutStates.map((state) => [state, { description: payoutStateMeanings[state] }])),
});

export const PayoutTransitionEnum = Object.fromEntries(payoutTransitionNames.map((name) => [name, name]));
registerEnumType(PayoutTransitionEnum, {
  name: 'PayoutTransition',
  description: 'What can happen to a payout.',
  valuesConfig: Object.fromEntries(
    payoutTransitionNames.map((name) => [name, { description: payoutTransitions[name].description }]),
  ),
});

@ObjectType('PayoutEvent', { simpleResolvers: true, description: 'One step of a payout.' })
export class PayoutEventType {
  @Field(() => Int, { description: 'From 1, without gaps.' })
  seq!: number;

  @Field(() => PayoutTransitionEnum)
  transition!: string;

  @Field(() => PayoutStateEnum)
  to!: string;

  @Field(() => String, {
    description: 'Who did it, seen from the payout: owner, finance, or system for the server itself.',
  })
  actorRole!: string;

  @Field(() => GraphQLDateTime)
  at!: Date;
}

@ObjectType('Payout', {
  simpleResolvers: true,
  description: 'Money from a wallet to a bank account. Seen by its owner, FINANCE and ADMIN; never from a cache.',
})
export class PayoutType {
  @Field(() => ID)
  id!: string;

  @Field(() => PayoutStateEnum)
  state!: string;

  @Field(() => Int, { description: 'Grows by one with every step.' })
  version!: number;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;

  @Field(() => GraphQLDateTime)
  updatedAt!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it was paid, or given back.' })
  settledAt!: Date | null;
}

export const PayoutConnectionType = connectionTypeOf('Payout', () => PayoutType);

@ObjectType({
  simpleResolvers: true,
  description: 'What those who keep the books look at: FINANCE and ADMIN.',
})
export class PayoutHandling {
  @Field(() => String, { nullable: true, description: 'Who is to pay it, once it was handed over.' })
  provider!: string | null;

  @Field(() => String, { nullable: true, description: "The provider's own name for it." })
  providerRef!: string | null;

  @Field(() => Int, { description: 'How often it was handed over, always by the same reference.' })
  attempt!: number;

  @Field(() => String, { nullable: true, description: 'The last thing that went wrong.' })
  lastError!: string | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it is looked at next.' })
  nextCheckAt!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'Since when the provider tells of another amount, so that somebody has to look: see `settlePayout`.',
  })
  doubtedAt!: Date | null;
}

@ObjectType({ simpleResolvers: true })
export class PayoutPayload extends ReplayablePayload {
  @Field(() => PayoutType)
  payout!: Payout;
}

@ArgsType()
export class PayoutsArgs extends PageArgs {
  @Field(() => PayoutStateEnum, { nullable: true, description: 'Only those that stand there.' })
  state?: PayoutState;
}

@ArgsType()
export class PayoutRegisterArgs extends PayoutsArgs {
  @Field(() => Boolean, { nullable: true, description: 'Only those whose provider tells of another amount.' })
  doubted?: boolean;
}

@InputType()
export class SettlePayoutInput {
  @Field(() => MoneyInput, { description: 'What the provider tells that it paid: `handling { told }`.' })
  paid!: MoneyInput;

  @Field(() => String, { description: 'What you found out; 1 to 500 characters.' })
  reason!: string;
}

@InputType()
export class RequestPayoutInput {
  @Field(() => ID, { description: 'One of `myPayoutAccounts`.' })
  payoutAccountId!: string;

  @Field(() => MoneyInput, { description: 'What is to arrive; the fee comes on top.' })
  amount!: MoneyInput;

  @Field(() => String, { description: 'Your password, asked again.' })
  password!: string;
}
