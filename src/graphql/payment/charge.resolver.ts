import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { chargeCursor, type Charge } from '../../modules/payments/index.js';
import { parseId } from '../common/ids.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import { PageArgs, toConnection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import { ErrandType } from '../errand/errand.type.js';
import { Idempotent } from '../idempotency/idempotent.js';
import {
  ChargeConnectionType,
  ChargeType,
  MyChargesArgs,
  PayForErrandPayload,
  VerifyChargePayload,
} from './charge.type.js';

/** Payments are read from the database, never from a cache. */
@Resolver(() => ChargeType)
export class ChargeResolver {
  @Authorized()
  @Query(() => ChargeType, { description: 'One payment of yours; to FINANCE, any of this market.' })
  async charge(@Arg('id', () => ID) id: string, @Ctx() { services, viewer }: GraphqlContext) {
    return services.charges.get(viewer, parseId('id', id));
  }

  @Authorized()
  @Query(() => ChargeConnectionType, { description: 'Your payments, newest first.' })
  async myCharges(@Args(() => MyChargesArgs) args: MyChargesArgs, @Ctx() { services, viewer }: GraphqlContext) {
    return toConnection(await services.charges.list(viewer, args), args.after, chargeCursor);
  }

  @Authorized('FINANCE')
  @Query(() => ChargeConnectionType, {
    description: 'Payments of this market that came in another currency and wait in suspense, newest first.',
  })
  async chargesInSuspense(@Args(() => PageArgs) args: PageArgs, @Ctx() { services, viewer }: GraphqlContext) {
    return toConnection(await services.charges.inSuspense(viewer, args), args.after, chargeCursor);
  }

  @Authorized()
  @Mutation(() => PayForErrandPayload, {
    description:
      "Pays an errand's whole escrow through the payment provider. It is funded once the money is in; should the errand not wait for it by then, the money is in your wallet.",
  })
  @Idempotent({ inSteps: true })
  async payForErrand(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
    callName?: string,
  ) {
    const id = parseId('errandId', errandId);
    return services.charges.payForErrand(viewer, id, { expectedVersion, reference: callName });
  }

  @Authorized()
  @Mutation(() => VerifyChargePayload, {
    description: 'Asks the payment provider how a payment stands, now. It is asked anyway, later.',
  })
  async verifyCharge(@Arg('chargeId', () => ID) chargeId: string, @Ctx() { services, viewer }: GraphqlContext) {
    return { charge: await services.charges.verify(viewer, parseId('chargeId', chargeId)) };
  }

  @FieldResolver(() => MoneyType, { description: 'What was asked for.' })
  amount(@Root() charge: Charge) {
    return moneyOf(charge.amount, charge.currency);
  }

  @FieldResolver(() => MoneyType, { nullable: true, description: 'What came; null until it did.' })
  received(@Root() { received, receivedCurrency }: Charge) {
    return received === null || receivedCurrency === null ? null : moneyOf(received, receivedCurrency);
  }

  @FieldResolver(() => ErrandType, {
    nullable: true,
    description: 'What it is to pay for; null when it fills a wallet.',
  })
  async errand(@Root() { errandId }: Charge, @Ctx() { loaders }: GraphqlContext) {
    return errandId === null ? null : loaders.errandById.load(errandId);
  }
}
