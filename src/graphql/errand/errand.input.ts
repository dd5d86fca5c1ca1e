import { GraphQLDateTime } from 'graphql-scalars';
import { ArgsType, Field, Float, InputType, registerEnumType } from 'type-graphql';
import {
  errandOrders,
  type ErrandCategory,
  type ErrandOrder,
  type ErrandState,
  type HandoverPhase,
  type ProofKind,
} from '../../modules/errands/index.js';
import { BigIntScalar } from '../common/scalars.js';
import { MoneyInput } from '../common/money.type.js';
import { PageArgs } from '../common/relay.js';
import { ErrandCategoryEnum, ErrandStateEnum, HandoverPhaseEnum, ProofKindEnum } from './errand.type.js';

export const ErrandOrderEnum = Object.fromEntries(errandOrders.map((order) => [order, order]));
registerEnumType(ErrandOrderEnum, { name: 'ErrandOrder', description: 'How a list of errands is sorted.' });

export const PartyEnum = { CUSTOMER: 'CUSTOMER', RUNNER: 'RUNNER', ANY: 'ANY' } as const;
registerEnumType(PartyEnum, { name: 'Party', description: 'Which side of an errand you are on.' });

@InputType({ description: 'Every part given must match; an empty list is as if it were not given.' })
export class ErrandFilter {
  @Field(() => [ErrandStateEnum], {
    nullable: true,
    description: 'Default: every state but DRAFT, which only `myErrands` shows.',
  })
  states?: ErrandState[];

  @Field(() => [ErrandCategoryEnum], { nullable: true })
  categories?: ErrandCategory[];

  @Field(() => String, { nullable: true, description: 'The part of town, whole; case does not matter.' })
  area?: string;

  @Field(() => BigIntScalar, { nullable: true, description: 'Minor units, inclusive.' })
  budgetMin?: bigint;

  @Field(() => BigIntScalar, { nullable: true, description: 'Minor units, inclusive.' })
  budgetMax?: bigint;

  @Field(() => String, { nullable: true, description: 'Found in the title or the description; case does not matter.' })
  text?: string;
}

@ArgsType()
export class ErrandsArgs extends PageArgs {
  @Field(() => ErrandFilter, { nullable: true })
  filter?: ErrandFilter;

  @Field(() => ErrandOrderEnum, { defaultValue: 'CREATED_DESC' })
  orderBy!: ErrandOrder;
}

@ArgsType()
export class MyErrandsArgs extends PageArgs {
  @Field(() => PartyEnum, { defaultValue: 'ANY' })
  as!: keyof typeof PartyEnum;

  @Field(() => [ErrandStateEnum], { nullable: true })
  states?: ErrandState[];
}

@InputType()
export class GeoPointInput {
  @Field(() => Float, { description: 'Degrees, -90 to 90.' })
  lat!: number;

  @Field(() => Float, { description: 'Degrees, -180 to 180.' })
  lng!: number;
}

@InputType()
export class PostErrandInput {
  @Field(() => String, { description: '3 to 120 characters.' })
  title!: string;

  @Field(() => String, { description: '1 to 4,000 characters.' })
  description!: string;

  @Field(() => ErrandCategoryEnum)
  category!: ErrandCategory;

  @Field(() => String, { description: 'The part of town, 2 to 80 characters; everyone sees it.' })
  area!: string;

  @Field(() => MoneyInput, { description: 'What you would pay the runner.' })
  budget!: MoneyInput;

  @Field(() => MoneyInput, { nullable: true, description: 'What the runner may spend on goods for you. Default 0.' })
  goodsBudget?: MoneyInput;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Pay the runner for goods against each receipt, before the delivery is settled. Default false.',
  })
  goodsInAdvance?: boolean;

  @Field(() => [HandoverPhaseEnum], {
    nullable: true,
    description:
      'Where the runner has to give a code. With DROPOFF, silence pays nobody: the code, you, or a dispute does. Default nowhere.',
  })
  requiresCodes?: HandoverPhase[];

  @Field(() => String, { nullable: true, description: 'Only you, your runner and staff see it.' })
  pickupAddress?: string;

  @Field(() => GeoPointInput, { nullable: true })
  pickupPoint?: GeoPointInput;

  @Field(() => String, { nullable: true, description: 'Only you, your runner and staff see it.' })
  dropoffAddress?: string;

  @Field(() => GeoPointInput, { nullable: true })
  dropoffPoint?: GeoPointInput;

  @Field(() => GraphQLDateTime, { nullable: true })
  startBy?: Date;

  @Field(() => GraphQLDateTime, { nullable: true })
  deliverBy?: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'At most 90 days ahead. Default: in 7 days.' })
  expiresAt?: Date;

  @Field(() => Boolean, { defaultValue: false, description: 'Open it for offers at once.' })
  publish!: boolean;
}

@InputType({ description: 'Only what is given changes.' })
export class UpdateErrandInput {
  @Field(() => String, { nullable: true })
  title?: string;

  @Field(() => String, { nullable: true })
  description?: string;

  @Field(() => ErrandCategoryEnum, { nullable: true })
  category?: ErrandCategory;

  @Field(() => String, { nullable: true })
  area?: string;

  @Field(() => MoneyInput, { nullable: true })
  budget?: MoneyInput;

  @Field(() => MoneyInput, { nullable: true })
  goodsBudget?: MoneyInput;

  @Field(() => Boolean, { nullable: true })
  goodsInAdvance?: boolean;

  @Field(() => [HandoverPhaseEnum], { nullable: true, description: 'In place of those asked for so far.' })
  requiresCodes?: HandoverPhase[];

  @Field(() => String, { nullable: true })
  pickupAddress?: string;

  @Field(() => GeoPointInput, { nullable: true })
  pickupPoint?: GeoPointInput;

  @Field(() => String, { nullable: true })
  dropoffAddress?: string;

  @Field(() => GeoPointInput, { nullable: true })
  dropoffPoint?: GeoPointInput;

  @Field(() => GraphQLDateTime, { nullable: true })
  startBy?: Date;

  @Field(() => GraphQLDateTime, { nullable: true })
  deliverBy?: Date;

  @Field(() => GraphQLDateTime, { nullable: true })
  expiresAt?: Date;
}

@InputType({ description: 'Evidence that the errand is done.' })
export class ProofInput {
  @Field(() => ProofKindEnum)
  kind!: ProofKind;

  @Field(() => String, { description: 'SHA-256 of the evidence, 64 hex digits.' })
  sha256!: string;

  @Field(() => String, { nullable: true, description: 'Where the evidence is stored.' })
  mediaKey?: string;

  @Field(() => String, { nullable: true })
  note?: string;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Default: now.' })
  takenAt?: Date;
}

@InputType({ description: 'What was paid for goods, and the piece of paper that says so.' })
export class ReceiptInput {
  @Field(() => BigIntScalar, { description: 'Minor units, above 0.' })
  amountMinor!: bigint;

  @Field(() => String, { description: 'SHA-256 of the picture, 64 hex digits; each is counted once for an errand.' })
  sha256!: string;

  @Field(() => String, { nullable: true, description: 'Where the picture is stored.' })
  mediaKey?: string;

  @Field(() => String, { nullable: true })
  note?: string;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Default: now.' })
  takenAt?: Date;
}
