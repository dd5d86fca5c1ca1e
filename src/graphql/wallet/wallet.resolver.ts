import { Arg, Authorized, Ctx, Field, InputType, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { MoneyInput, MoneyType, moneyOf } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';

@ObjectType('Wallet', {
  simpleResolvers: true,
  description: 'Your money with RunAm, read from the ledger itself, never from a cache.',
})
export class WalletType {
  @Field(() => MoneyType)
  balance!: MoneyType;
}

@ObjectType('TopUpPayload', { simpleResolvers: true })
export class TopUpPayload {
  @Field(() => WalletType)
  wallet!: WalletType;

  @Field(() => String, { description: "The payment provider's name for the charge." })
  providerRef!: string;

  @Field(() => Boolean, { description: 'The reference had been charged before; nothing moved this time.' })
  isReplay!: boolean;
}

@InputType()
export class TopUpInput {
  @Field(() => MoneyInput)
  amount!: MoneyInput;

  @Field(() => String, {
    nullable: true,
    description:
      'Your own reference; a repeated one is charged once. Up to 100 characters. Without one a repeated call charges again.',
  })
  reference?: string;
}

@Resolver()
export class WalletResolver {
  @Authorized()
  @Query(() => WalletType)
  async myWallet(@Ctx() { services, viewer }: GraphqlContext): Promise<WalletType> {
    const { minor, currency } = await services.wallets.wallet(viewer);
    return { balance: moneyOf(minor, currency) };
  }

  @Authorized()
  @Mutation(() => TopUpPayload, {
    description: 'Puts money into your wallet through the sandbox provider; no real money moves.',
  })
  async topUpWallet(
    @Arg('input', () => TopUpInput) input: TopUpInput,
    @Ctx() { services, viewer }: GraphqlContext,
  ): Promise<TopUpPayload> {
    const { amount, reference } = input;
    const { charge, wallet, isReplay } = await services.wallets.topUp(viewer, {
      amountMinor: amount.minor,
      currency: amount.currency,
      ...(reference !== undefined && { reference }),
    });
    return { wallet: { balance: moneyOf(wallet.minor, wallet.currency) }, providerRef: charge.providerRef, isReplay };
  }
}
