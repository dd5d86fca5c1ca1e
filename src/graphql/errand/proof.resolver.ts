import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Proof } from '../../modules/errands/index.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';
import { UserType } from '../user/user.type.js';
import { ProofType } from './errand.type.js';

/** A receipt's amount is in the currency of its errand. */
type Priced = Proof & { readonly currency: string };

@Resolver(() => ProofType)
export class ProofResolver {
  @FieldResolver(() => String, { description: '64 hex digits.' })
  sha256(@Root() proof: Proof) {
    return Buffer.from(proof.sha256).toString('hex');
  }

  @FieldResolver(() => MoneyType, { nullable: true, description: 'Of a receipt: what was paid for goods.' })
  amount(@Root() { amount, currency }: Priced) {
    return amount === null ? null : moneyOf(amount, currency);
  }

  @FieldResolver(() => UserType)
  async by(@Root() proof: Proof, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(proof.byUserId);
  }
}
