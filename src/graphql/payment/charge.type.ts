import { GraphQLDateTime } from 'graphql-scalars';
import { ArgsType, Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import {
  chargeDetours,
  chargeLandings,
  chargePurposes,
  chargeStates,
  type ChargeState,
} from '../../modules/payments/index.js';
import { connectionTypeOf, PageArgs } from '../common/relay.js';
import { ErrandType } from '../errand/errand.type.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

const enumOf = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, name]));

export const ChargeStateEnum = enumOf(chargeStates);
registerEnumType(ChargeStateEnum, {
  name: 'ChargeState',
  description: 'How a payment stands.',
  valuesConfig: {
    PENDING: { description: 'The provider has not said how it ended; nothing needs to be done, it is asked again.' },
    SUCCEEDED: { description: 'The money came in; `landed` says where it is.' },
    FAILED: { description: 'The provider says that no money came. Should some come later, it counts.' },
  },
});

export const ChargePurposeEnum = enumOf(chargePurposes);
registerEnumType(ChargePurposeEnum, {
  name: 'ChargePurpose',
  description: 'What a payment is for.',
  valuesConfig: {
    WALLET: { description: 'To fill the wallet.' },
    ERRAND: { description: "To fund an errand's escrow." },
  },
});

export const ChargeLandingEnum = enumOf(chargeLandings);
registerEnumType(ChargeLandingEnum, {
  name: 'ChargeLanding',
  description: 'Where money is that came in.',
  valuesConfig: {
    WALLET: { description: "In the payer's wallet." },
    ERRAND: { description: "In the errand's escrow; the errand is funded." },
    SUSPENSE: { description: 'Set aside until RunAm has sorted it out.' },
  },
});

export const ChargeDetourEnum = enumOf(chargeDetours);
registerEnumType(ChargeDetourEnum, {
  name: 'ChargeDetour',
  description: 'Why a payment did not do what it was for.',
  valuesConfig: {
    OTHER_AMOUNT: { description: 'Another amount came than was asked for.' },
    OTHER_CURRENCY: { description: 'Another currency came than was asked for.' },
    TAKEN_BACK: { description: 'It came and had gone back to the payer before it was booked.' },
    ERRAND_MOVED_ON: {
      description:
        'The errand did not wait for it any more: called off, expired, funded otherwise, or given to another.',
    },
  },
});

@ObjectType('Charge', {
  simpleResolvers: true,
  description: 'A payment through a provider, read from the database. Only its payer and the role FINANCE see it.',
})
export class ChargeType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'The payment provider.' })
  provider!: string;

  @Field(() => String, { description: "The payment provider's name for the charge." })
  providerRef!: string;

  @Field(() => ChargeStateEnum)
  state!: string;

  @Field(() => ChargePurposeEnum)
  purpose!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Where the payer pays, when the provider wants them to come there.',
  })
  checkoutUrl!: string | null;

  @Field(() => ChargeLandingEnum, { nullable: true, description: 'Null until the money came in.' })
  landed!: string | null;

  @Field(() => ChargeDetourEnum, { nullable: true, description: 'Null unless something was otherwise than expected.' })
  detour!: string | null;

  @Field(() => String, { nullable: true, description: 'What the provider said, when it FAILED.' })
  failure!: string | null;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;

  @Field(() => GraphQLDateTime)
  updatedAt!: Date;
}

export const ChargeConnectionType = connectionTypeOf('Charge', () => ChargeType);

@ArgsType()
export class MyChargesArgs extends PageArgs {
  @Field(() => ChargeStateEnum, { nullable: true })
  state?: ChargeState;
}

@ObjectType('PayForErrandPayload', { simpleResolvers: true })
export class PayForErrandPayload extends ReplayablePayload {
  @Field(() => ChargeType, { description: 'PENDING while you have still to pay at its `checkoutUrl`.' })
  charge!: unknown;

  @Field(() => ErrandType, { description: 'ASSIGNED when the money is in.' })
  errand!: unknown;
}

@ObjectType('VerifyChargePayload', { simpleResolvers: true })
export class VerifyChargePayload {
  @Field(() => ChargeType)
  charge!: unknown;
}
