import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Decision, Evidence } from '../../modules/disputes/index.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';
import { UserType } from '../user/user.type.js';
import { DisputeDecisionType, EvidenceType } from './dispute.type.js';

@Resolver(() => EvidenceType)
export class EvidenceResolver {
  @FieldResolver(() => String, { description: '64 hex digits.' })
  sha256(@Root() evidence: Evidence) {
    return Buffer.from(evidence.sha256).toString('hex');
  }

  @FieldResolver(() => UserType)
  async by(@Root() evidence: Evidence, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(evidence.byUserId);
  }
}

/** A decision's amounts are in the currency of its dispute. */
type Priced = Decision & { readonly currency: string };

@Resolver(() => DisputeDecisionType)
export class DisputeDecisionResolver {
  @FieldResolver(() => MoneyType, { description: 'Back to the customer.' })
  customerAmount(@Root() decision: Priced) {
    return moneyOf(decision.customerAmount, decision.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'To the runner, after fees.' })
  runnerAmount(@Root() decision: Priced) {
    return moneyOf(decision.runnerAmount, decision.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What RunAm keeps, VAT included.' })
  fees(@Root() decision: Priced) {
    return moneyOf(decision.commission + decision.vat, decision.currency);
  }
}
