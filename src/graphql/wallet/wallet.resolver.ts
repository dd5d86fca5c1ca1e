import { GraphQLDateTime } from 'graphql-scalars';
import {
  Arg,
  Authorized,
  Ctx,
  Field,
  FieldResolver,
  InputType,
  Mutation,
  ObjectType,
  Query,
  Resolver,
} from 'type-graphql';
import { badInput } from '../../kernel/index.js';
import { MoneyInput, MoneyType, moneyOf } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';
import { ChargeType } from '../payment/charge.type.js';

@ObjectType('Wallet', {
  simpleResolvers: true,
  description: 'Your money with RunAm, read from the ledger itself, never from a cache.',
})
export class WalletType {
  @Field(() => MoneyType)
  balance!: MoneyType;
}

@ObjectType('WalletHold', {
  simpleResolvers: true,
  description: 'Money that came in by a charge lately: it can be spent now, and be paid out later.',
})
export class WalletHoldType {
  @Field(() => MoneyType)
  amount!: MoneyType;

  @Field(() => GraphQLDateTime, { description: 'It can be paid out from then on.' })
  until!: Date;
}

@ObjectType('TopUpPayload', { simpleResolvers: true })
export class TopUpPayload extends ReplayablePayload {
  @Field(() => WalletType)
  wallet!: WalletType;

  @Field(() => String, { description: "The payment provider's name for the charge." })
  providerRef!: string;

  @Field(() => ChargeType, { description: 'PENDING while you have still to pay at its `checkoutUrl`.' })
  charge!: unknown;
}

@InputType()
export class TopUpInput {
  @Field(() => MoneyInput)
  amount!: MoneyInput;

  @Field(() => String, {
    nullable: true,
    description:
      'Your own reference; a repeated one is charged once. Up to 100 characters. Not together with an `idempotencyKey`.',
    deprecationReason: 'Give an `idempotencyKey`: it does the same, and repeats the answer too.',
  })
  reference?: string;
}

@Resolver(() => WalletType)
export class WalletResolver {
  @Authorized()
  @Query(() => WalletType)
  async myWallet(@Ctx() { services, viewer }: GraphqlContext): Promise<WalletType> {
    const { minor, currency } = await services.wallets.wallet(viewer);
    return { balance: moneyOf(minor, currency) };
  }

  @FieldResolver(() => MoneyType, {
    description: 'What of it can be paid out now, the fee included, as it stands this moment.',
  })
  async payable(@Ctx() { services, viewer }: GraphqlContext) {
    const { currency, payable } = await services.payouts.payable(viewer);
    return moneyOf(payable, currency);
  }

  @FieldResolver(() => [WalletHoldType], {
    description: 'What came in lately and was not taken back, soonest free first; what was spent of it counts.',
  })
  async holds(@Ctx() { services, viewer }: GraphqlContext) {
    const { currency, holds } = await services.payouts.payable(viewer);
    return holds.map(({ minor, until }) => ({ amount: moneyOf(minor, currency), until }));
  }

  @Authorized()
  @Mutation(() => TopUpPayload, {
    description:
      'Puts money into your wallet through the payment provider; with the sandbox, which is the default outside production, no real money moves.',
  })
  @Idempotent({ inSteps: true })
  async topUpWallet(
    @Arg('input', () => TopUpInput) input: TopUpInput,
    @Ctx() { services, viewer }: GraphqlContext,
    callName?: string,
  ): Promise<TopUpPayload> {
    const { amount } = input;
    const reference = referenceOf(input, callName);
    const { charge, wallet, isReplay } = await services.wallets.topUp(viewer, {
      amountMinor: amount.minor,
      currency: amount.currency,
      ...(reference !== undefined && { reference }),
    });
    return {
      wallet: { balance: moneyOf(wallet.minor, wallet.currency) },
      providerRef: charge.providerRef,
      charge,
      isReplay,
    };
  }
}

/** With a key the charge is the call's own: it has one, whatever else is asked with that key. */
function referenceOf({ reference }: TopUpInput, callName: string | undefined): string | undefined {
  if (callName === undefined || reference == null) return callName ?? reference;
  throw badInput('input.reference', 'goes without an idempotencyKey: give one of the two.');
}
