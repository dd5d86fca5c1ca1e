import { Authorized, Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { isStaff } from '../../kernel/index.js';
import { BigIntScalar } from '../common/scalars.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';

@ObjectType('LedgerHealth', {
  simpleResolvers: true,
  description: "Whether this market's books hold together, computed from the lines themselves.",
})
export class LedgerHealthType {
  @Field(() => Boolean, { description: 'Every check passed.' })
  ok!: boolean;

  @Field(() => Int)
  accounts!: number;

  @Field(() => Int)
  journals!: number;

  @Field(() => BigIntScalar, { description: 'Debits minus credits, without sign, summed over all currencies: 0.' })
  imbalance!: bigint;

  @Field(() => [MoneyType], { description: 'Debits minus credits by currency.' })
  imbalances!: MoneyType[];

  @Field(() => [String], { description: 'Wallets, escrows and transits below zero; named to staff only.' })
  negativeAccounts!: readonly string[];

  @Field(() => [String], {
    description: 'Escrows whose amounts do not explain what they hold; named to staff only.',
  })
  escrowMismatches!: readonly string[];
}

@Resolver()
export class SystemResolver {
  @Authorized()
  @Query(() => LedgerHealthType, { description: 'Recomputed from the ledger at every call, never cached.' })
  async ledgerHealth(@Ctx() { services, viewer }: GraphqlContext): Promise<LedgerHealthType> {
    const health = await services.ledger.health(viewer.tenantId);
    const named = (names: readonly string[]) => (isStaff(viewer) ? names : []);
    return {
      ...health,
      negativeAccounts: named(health.negativeAccounts),
      escrowMismatches: named(health.escrowMismatches),
      imbalance: health.imbalance.reduce((sum, { minor }) => sum + (minor < 0n ? -minor : minor), 0n),
      imbalances: health.imbalance.map(({ minor, currency }) => moneyOf(minor, currency)),
    };
  }
}
