import { GraphQLDateTime } from 'graphql-scalars';
import { Arg, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { Milestone } from '../../modules/escrows/index.js';
import { parseId } from '../common/ids.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import { BigIntScalar } from '../common/scalars.js';
import type { GraphqlContext } from '../context.js';
import { ReceiptInput } from '../errand/errand.input.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { EscrowPayload, MilestoneInput, MilestoneType } from './escrow.type.js';

/** Money that moves in steps, on top, or by a code at the door. */
@Resolver(() => MilestoneType)
export class EscrowStepsResolver {
  @Authorized()
  @Mutation(() => EscrowPayload, {
    description:
      'Says in which steps the service part is paid, 1 to 20 that sum to it, in place of those agreed before; until the runner starts. None: in one go.',
  })
  @Idempotent()
  async agreeMilestones(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('milestones', () => [MilestoneInput]) milestones: MilestoneInput[],
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.agreeMilestones(viewer, parseId('errandId', errandId), milestones, expectedVersion);
  }

  @Authorized()
  @Mutation(() => EscrowPayload, {
    description: 'Pays the runner for a step that is done, less its share of commission and VAT.',
  })
  @Idempotent()
  async releaseMilestone(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('seq', () => Int, { description: 'The number of the step.' }) seq: number,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.releaseMilestone(viewer, parseId('errandId', errandId), seq, expectedVersion);
  }

  @Authorized()
  @Mutation(() => EscrowPayload, {
    description: 'Puts more from your wallet into the escrow of an errand that is under way.',
  })
  @Idempotent()
  async topUpEscrow(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('serviceMinor', () => BigIntScalar, { nullable: true, description: "Minor units more for the runner's work." })
    serviceMinor: bigint | undefined,
    @Arg('goodsMinor', () => BigIntScalar, { nullable: true, description: 'Minor units more for purchases.' })
    goodsMinor: bigint | undefined,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.topUp(viewer, parseId('errandId', errandId), { serviceMinor, goodsMinor }, expectedVersion);
  }

  @Authorized()
  @Mutation(() => EscrowPayload, {
    description:
      'Thanks the runner from your wallet, without commission: while the errand is under way, and for 30 days after it was completed. All tips together are no more than the service part.',
  })
  @Idempotent()
  async tipRunner(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('amountMinor', () => BigIntScalar, { description: 'Minor units, above 0.' }) amountMinor: bigint,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.tip(viewer, parseId('errandId', errandId), amountMinor, expectedVersion);
  }

  @Authorized()
  @Mutation(() => EscrowPayload, {
    description:
      'The assigned runner shows what was spent of the goods part; where the errand pays goods in advance, it is paid at once.',
  })
  @Idempotent()
  async addReceipts(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('receipts', () => [ReceiptInput], { description: '1 to 10.' }) receipts: ReceiptInput[],
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.addReceipts(viewer, parseId('errandId', errandId), receipts, expectedVersion);
  }

  @Authorized()
  @Mutation(() => EscrowPayload, {
    description:
      'The assigned runner gives the drop-off code that the recipient told: the delivery is settled as if the customer had confirmed it, goods by their receipts.',
  })
  @Idempotent()
  async confirmByCode(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('code', () => String, { description: 'Six digits; five guesses, each counted.' }) code: string,
    @Arg('takenAt', () => GraphQLDateTime, {
      nullable: true,
      description: 'When it was told, for a phone that was offline: within the last 48 hours. Default: now.',
    })
    takenAt: Date | undefined,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.escrows.confirmByCode(viewer, parseId('errandId', errandId), { code, takenAt, expectedVersion });
  }

  @FieldResolver(() => MoneyType, { description: 'Of the service part, fees included.' })
  amount(@Root() { amount, currency }: Priced) {
    return moneyOf(amount, currency);
  }

  @FieldResolver(() => MoneyType, {
    nullable: true,
    description: 'What RunAm keeps of it, VAT included; null until it is released.',
  })
  fees(@Root() { commission, vat, currency }: Priced) {
    return commission === null || vat === null ? null : moneyOf(commission + vat, currency);
  }
}

/** A milestone's amounts are in the currency of its escrow. */
type Priced = Milestone & { readonly currency: string };
