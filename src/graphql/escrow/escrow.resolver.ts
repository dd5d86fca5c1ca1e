import { GraphQLDateTime } from 'graphql-scalars';
import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { families, tags } from '../../invalidation/index.js';
import { requireUser } from '../../kernel/index.js';
import { escrowCursor, type Escrow } from '../../modules/escrows/index.js';
import { Cached } from '../caching/cached.js';
import { parseId } from '../common/ids.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import { BigIntScalar } from '../common/scalars.js';
import { toConnection, type Connection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { ErrandType } from '../errand/errand.type.js';
import { UserType } from '../user/user.type.js';
import {
  CancelErrandPayload,
  EscrowConnectionType,
  EscrowPayload,
  EscrowType,
  MilestoneType,
  MyEscrowsArgs,
} from './escrow.type.js';

@Resolver(() => EscrowType)
export class EscrowResolver {
  @Authorized()
  @Query(() => EscrowConnectionType, { description: 'Escrows you pay into or are paid from, newest first.' })
  @Cached<MyEscrowsArgs, Connection<Escrow>>({
    type: 'USER_ESCROWS',
    key: (args, viewer) => families.userEscrows(requireUser(viewer).userId, args),
    tags: (_args, viewer) => [tags.userEscrows(requireUser(viewer).userId)],
  })
  async myEscrows(@Args(() => MyEscrowsArgs) args: MyEscrowsArgs, @Ctx() { services, viewer }: GraphqlContext) {
    const page = await services.escrows.list(viewer, args);
    return toConnection(page, args.after, escrowCursor);
  }

  @Authorized()
  @Query(() => EscrowType, { description: 'One escrow, to its two parties and staff.' })
  @Cached<{ id: string }, Escrow>({
    type: 'ESCROW_DETAIL',
    key: ({ id }) => families.escrow(parseId('id', id)),
    tags: ({ id }) => [tags.escrow(parseId('id', id))],
    remembersAbsence: true,
  })
  async escrow(@Arg('id', () => ID) id: string, @Ctx() { services, viewer }: GraphqlContext) {
    return services.escrows.get(viewer, parseId('id', id));
  }

  @Authorized()
  @Mutation(() => EscrowPayload, { description: 'Pays the whole escrow from your wallet; the runner may then start.' })
  @Idempotent()
  async fundEscrow(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.fund(viewer, parseId('errandId', errandId), expectedVersion);
  }

  @Authorized()
  @Mutation(() => EscrowPayload, { description: 'Accepts the delivery: the runner is paid, less commission and VAT.' })
  @Idempotent()
  async confirmDelivery(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('goodsSpentMinor', () => BigIntScalar, {
      nullable: true,
      description:
        'Minor units spent on goods, not below the receipts; the rest comes back to you. Default: what the receipts say, all of the goods part without any.',
    })
    goodsSpent: bigint | undefined,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.confirm(viewer, parseId('errandId', errandId), { goodsSpent, expectedVersion });
  }

  @Authorized()
  @Mutation(() => CancelErrandPayload, {
    description: 'Calls an errand off, a draft too; what is in escrow goes back, less what the fee plan says.',
  })
  @Idempotent()
  async cancelErrand(
    @Arg('id', () => ID) id: string,
    @Arg('reason', () => String, { nullable: true }) reason: string | undefined,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.cancel(viewer, parseId('id', id), reason, expectedVersion);
  }

  @Authorized()
  @Mutation(() => EscrowPayload, {
    description:
      'The assigned runner gives an errand back, or staff takes it from them: the customer gets everything back, and the errand takes offers again.',
  })
  @Idempotent()
  async dropErrand(
    @Arg('id', () => ID) id: string,
    @Arg('reason', () => String, { nullable: true }) reason: string | undefined,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.drop(viewer, parseId('id', id), reason, expectedVersion);
  }

  @FieldResolver(() => MoneyType, {
    description: 'What the customer owes into it: the offer and the goods budget, and what was put on top of them.',
  })
  gross(@Root() escrow: Escrow) {
    return moneyOf(escrow.gross, escrow.currency);
  }

  @FieldResolver(() => MoneyType)
  funded(@Root() escrow: Escrow) {
    return moneyOf(escrow.funded, escrow.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Paid out of it: to the runner, as commission and as VAT.' })
  released(@Root() escrow: Escrow) {
    return moneyOf(escrow.released, escrow.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Gone back to the customer.' })
  refunded(@Root() escrow: Escrow) {
    return moneyOf(escrow.refunded, escrow.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What is in it now.' })
  held(@Root() escrow: Escrow) {
    return moneyOf(escrow.funded - escrow.released - escrow.refunded, escrow.currency);
  }

  @FieldResolver(() => MoneyType, { description: "The part for the runner's work, fees included." })
  service(@Root() escrow: Escrow) {
    return moneyOf(escrow.gross - escrow.goods, escrow.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'The part for purchases.' })
  goods(@Root() escrow: Escrow) {
    return moneyOf(escrow.goods, escrow.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Of the part for purchases: what the receipts say was spent.' })
  goodsReceipted(@Root() escrow: Escrow) {
    return moneyOf(escrow.goodsReceipted, escrow.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What the customer gave the runner on top, from wallet to wallet.' })
  tips(@Root() escrow: Escrow) {
    return moneyOf(escrow.tips, escrow.currency);
  }

  @FieldResolver(() => [MilestoneType], {
    description: 'The steps in which the service part is paid; empty: in one go.',
  })
  async milestones(@Root() escrow: Escrow, @Ctx() { loaders }: GraphqlContext) {
    const milestones = await loaders.milestonesByEscrowId.load(escrow.id);
    return milestones.map((milestone) => ({ ...milestone, currency: escrow.currency }));
  }

  @FieldResolver(() => Boolean, { description: 'A dispute holds it: nothing flows out until that ends.' })
  isFrozen(@Root() escrow: Escrow) {
    return escrow.frozenByDispute !== null;
  }

  @FieldResolver(() => GraphQLDateTime, {
    nullable: true,
    description: 'When the runner is paid without a word from the customer; null unless the errand is delivered.',
  })
  async autoReleaseAt(@Root() escrow: Escrow, @Ctx() { loaders }: GraphqlContext) {
    const errand = await loaders.errandById.load(escrow.errandId);
    return errand?.state === 'DELIVERED' ? errand.autoReleaseAt : null;
  }

  @FieldResolver(() => ErrandType)
  async errand(@Root() escrow: Escrow, @Ctx() { loaders }: GraphqlContext) {
    return loaders.errandById.load(escrow.errandId);
  }

  @FieldResolver(() => UserType)
  async customer(@Root() escrow: Escrow, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(escrow.customerId);
  }

  @FieldResolver(() => UserType)
  async runner(@Root() escrow: Escrow, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(escrow.runnerId);
  }
}
