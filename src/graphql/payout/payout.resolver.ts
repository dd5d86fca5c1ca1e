import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { payoutCursor, seesAllPayouts, type Payout } from '../../modules/payouts/index.js';
import { parseId } from '../common/ids.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import { toConnection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { UserType } from '../user/user.type.js';
import { PayoutAccountType } from './payout-account.resolver.js';
import {
  PayoutConnectionType,
  PayoutEventType,
  PayoutHandling,
  PayoutPayload,
  PayoutRegisterArgs,
  PayoutsArgs,
  PayoutType,
  RequestPayoutInput,
  SettlePayoutInput,
} from './payout.type.js';

@Resolver(() => PayoutType)
export class PayoutResolver {
  @Authorized()
  @Query(() => PayoutType, { description: 'One payout, to its owner, FINANCE and ADMIN.' })
  async payout(@Arg('id', () => ID) id: string, @Ctx() { services, viewer }: GraphqlContext) {
    return services.payouts.get(viewer, parseId('id', id));
  }

  @Authorized()
  @Query(() => PayoutConnectionType, { description: 'Your payouts, newest first.' })
  async myPayouts(@Args(() => PayoutsArgs) args: PayoutsArgs, @Ctx() { services, viewer }: GraphqlContext) {
    return toConnection(await services.payouts.mine(viewer, args), args.after, payoutCursor);
  }

  @Authorized('FINANCE', 'ADMIN')
  @Query(() => PayoutConnectionType, { description: 'The payouts of this market, newest first.' })
  async payouts(@Args(() => PayoutRegisterArgs) args: PayoutRegisterArgs, @Ctx() { services, viewer }: GraphqlContext) {
    return toConnection(await services.payouts.register(viewer, args), args.after, payoutCursor);
  }

  @Authorized()
  @Mutation(() => PayoutPayload, {
    description:
      'Pays from your wallet to one of your payout accounts. Amount and fee leave the wallet at once and come back when it is rejected or fails.',
  })
  @Idempotent({
    before: ({ input }, { services, viewer }) =>
      services.payouts.confirm(viewer, (input as RequestPayoutInput).password),
    compared: ({ input }) => ({ input: { ...(input as RequestPayoutInput), password: undefined } }),
  })
  async requestPayout(
    @Arg('input', () => RequestPayoutInput) { payoutAccountId, amount }: RequestPayoutInput,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    const wanted = {
      payoutAccountId: parseId('input.payoutAccountId', payoutAccountId),
      amountMinor: amount.minor,
      currency: amount.currency,
    };
    return { payout: await services.payouts.request(viewer, wanted) };
  }

  @Authorized('FINANCE')
  @Mutation(() => PayoutPayload, { description: "Lets a payout go that waits; never one's own." })
  @Idempotent()
  async approvePayout(
    @Arg('id', () => ID) id: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The payout's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { payout: await services.payouts.approve(viewer, parseId('id', id), expectedVersion) };
  }

  @Authorized('FINANCE')
  @Mutation(() => PayoutPayload, { description: "Gives a payout that waits back to the wallet; never one's own." })
  @Idempotent()
  async rejectPayout(
    @Arg('id', () => ID) id: string,
    @Arg('reason', () => String, { description: '1 to 500 characters; its owner reads it.' }) reason: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The payout's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { payout: await services.payouts.reject(viewer, parseId('id', id), reason, expectedVersion) };
  }

  @Authorized('FINANCE')
  @Mutation(() => PayoutPayload, {
    description:
      "Books a payout as its provider tells of it, whose amount is not ours: what was not paid is back in the wallet. Above the limit of approvals the first call proposes it, and another person of FINANCE settles it; never one's own.",
  })
  @Idempotent()
  async settlePayout(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => SettlePayoutInput) { paid, reason }: SettlePayoutInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The payout's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { payout: await services.payouts.settle(viewer, parseId('id', id), { paid, reason, expectedVersion }) };
  }

  @FieldResolver(() => String, { description: 'What the provider knows it by.' })
  reference(@Root() payout: Payout) {
    return payout.clientRef;
  }

  @FieldResolver(() => MoneyType, { description: 'What arrives.' })
  amount(@Root() payout: Payout) {
    return moneyOf(payout.amount, payout.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What RunAm keeps for it, beside the amount.' })
  fee(@Root() payout: Payout) {
    return moneyOf(payout.fee, payout.currency);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Why it was rejected, failed, or came back.' })
  reason(@Root() { state, lastError }: Payout) {
    return state === 'REJECTED' || state === 'FAILED' || state === 'REVERSED' ? lastError : null;
  }

  @FieldResolver(() => PayoutAccountType)
  async account(@Root() payout: Payout, @Ctx() { loaders }: GraphqlContext) {
    return loaders.payoutAccountById.load(payout.payoutAccountId);
  }

  @FieldResolver(() => UserType, { description: 'Who is paid.' })
  async user(@Root() payout: Payout, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(payout.userId);
  }

  @FieldResolver(() => [PayoutEventType], { description: 'What happened to it, oldest first.' })
  async events(@Root() payout: Payout, @Ctx() { loaders }: GraphqlContext) {
    return loaders.eventsByPayoutId.load(payout.id);
  }

  @FieldResolver(() => PayoutHandling, {
    nullable: true,
    description: 'How it goes with the provider; null to everybody but FINANCE and ADMIN.',
  })
  handling(@Root() payout: Payout, @Ctx() { viewer }: GraphqlContext) {
    return seesAllPayouts(viewer) ? payout : null;
  }
}

@Resolver(() => PayoutHandling)
export class PayoutHandlingResolver {
  @FieldResolver(() => MoneyType, {
    nullable: true,
    description: 'What the provider tells that it paid, where that is another amount than ours.',
  })
  told(@Root() { toldAmount, toldCurrency }: Payout) {
    return toldAmount === null || toldCurrency === null ? null : moneyOf(toldAmount, toldCurrency);
  }

  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'Who of FINANCE wants it settled so; another one has to agree.',
  })
  async settlementProposedBy(@Root() { settleProposedById }: Payout, @Ctx() { loaders }: GraphqlContext) {
    return settleProposedById === null ? null : loaders.userById.load(settleProposedById);
  }
}
