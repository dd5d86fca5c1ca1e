import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Action } from '../../modules/actions/index.js';
import { termsOf, type Errand, type Offer } from '../../modules/errands/index.js';
import type { Dispute } from '../../modules/disputes/index.js';
import { moneyOf } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';
import { DisputeType } from '../dispute/dispute.type.js';
import { ErrandType } from '../errand/errand.type.js';
import { OfferType } from '../offer/offer.type.js';
import { ErrandActionType, OfferActionType } from './action.type.js';

const onlyEnabledOptions = { defaultValue: false, description: 'Leave out what you could not do now.' } as const;

@Resolver(() => ErrandType)
export class ErrandActionResolver {
  @FieldResolver(() => [ErrandActionType], {
    description:
      'What your part in the errand lets you do, in some state of it, and whether you can do it now. Nothing when it is not yours to act on. Never from a cache.',
  })
  async allowedActions(
    @Root() errand: Errand,
    @Arg('onlyEnabled', () => Boolean, onlyEnabledOptions) onlyEnabled: boolean,
    @Ctx() { loaders }: GraphqlContext,
  ) {
    return shown(await loaders.actionsByErrandId.load(errand.id), onlyEnabled);
  }
}

@Resolver(() => OfferType)
export class OfferActionResolver {
  @FieldResolver(() => [OfferActionType], {
    description: 'What you can do with the offer, as its runner or as the customer. Never from a cache.',
  })
  async allowedActions(
    @Root() offer: Offer,
    @Arg('onlyEnabled', () => Boolean, onlyEnabledOptions) onlyEnabled: boolean,
    @Ctx() { loaders }: GraphqlContext,
  ) {
    return shown(await loaders.actionsByOfferId.load(offer.id), onlyEnabled);
  }
}

@Resolver(() => DisputeType)
export class DisputeActionResolver {
  @FieldResolver(() => [ErrandActionType], {
    description:
      'What you can do about the dispute, as a party or as who decides; empty once it is over. Never from a cache.',
  })
  async allowedActions(
    @Root() dispute: Dispute,
    @Arg('onlyEnabled', () => Boolean, onlyEnabledOptions) onlyEnabled: boolean,
    @Ctx() { loaders }: GraphqlContext,
  ) {
    if (dispute.dueAt === null) return [];
    const actions = await loaders.actionsByErrandId.load(dispute.errandId);
    return shown(
      actions.filter(({ name }) => termsOf(name).about === 'dispute'),
      onlyEnabled,
    );
  }
}

function shown(actions: readonly Action[], onlyEnabled: boolean) {
  return actions
    .filter(({ enabled }) => enabled || !onlyEnabled)
    .map(({ postings, ...action }) => ({
      ...action,
      postings:
        postings?.map(({ from, to, amount, currency }) => ({ from, to, amount: moneyOf(amount, currency) })) ?? null,
    }));
}
