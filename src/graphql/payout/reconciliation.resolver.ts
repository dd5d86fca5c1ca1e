import { GraphQLDateTime } from 'graphql-scalars';
import { Arg, Authorized, Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { Movement, Reconciliation } from '../../modules/payouts/index.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';

@ObjectType({ simpleResolvers: true, description: 'One movement of the money that a provider has for us.' })
export class ClearingMovement {
  @Field(() => String, { description: 'charge, transfer, reversal or chargeback; in our books also other.' })
  kind!: string;

  @Field(() => String, { description: 'What the provider knows the charge or transfer by.' })
  reference!: string;

  @Field(() => MoneyType, { nullable: true, description: 'By our books: above zero when it came in. Null: not there.' })
  ours!: MoneyType | null;

  @Field(() => MoneyType, { nullable: true, description: "By the provider's book. Null: not there." })
  theirs!: MoneyType | null;

  @Field(() => GraphQLDateTime)
  at!: Date;
}

@ObjectType({
  simpleResolvers: true,
  description: "A day of a provider's clearing account beside the provider's own book.",
})
export class ReconciliationReport {
  @Field(() => String)
  provider!: string;

  @Field(() => GraphQLDateTime, { description: 'The day begins then and lasts 24 hours.' })
  from!: Date;

  @Field(() => Boolean, { description: 'Nothing differs.' })
  ok!: boolean;

  @Field(() => MoneyType, { description: 'What the day added to the clearing account.' })
  ours!: MoneyType;

  @Field(() => MoneyType, { description: "What it added in the provider's book." })
  theirs!: MoneyType;

  @Field(() => Int, { description: 'Movements that are the same on both sides.' })
  matched!: number;

  @Field(() => [ClearingMovement], { description: 'On one side only, or with another amount.' })
  differences!: ClearingMovement[];

  @Field(() => [ClearingMovement], { description: 'Under way: not booked yet, whether the provider has it or not.' })
  inFlight!: ClearingMovement[];
}

@Resolver()
export class ReconciliationResolver {
  @Authorized('FINANCE', 'ADMIN')
  @Query(() => ReconciliationReport, {
    description: "Compares our clearing account with the provider's own book, movement by movement.",
  })
  async reconciliation(
    @Arg('provider', () => String, { description: 'sandbox, paystack or flutterwave.' }) provider: string,
    @Arg('day', () => String, { description: 'In UTC, like 2026-11-20.' }) day: string,
    @Ctx() { services, viewer }: GraphqlContext,
  ): Promise<ReconciliationReport> {
    return reportOf(await services.reconciliation.ofDay(viewer, provider, day));
  }
}

function reportOf({ currency, differences, inFlight, ...report }: Reconciliation): ReconciliationReport {
  const money = (minor: bigint) => moneyOf(minor, currency);
  const show = ({ ours, theirs, ...movement }: Movement): ClearingMovement => ({
    ...movement,
    ours: ours === undefined ? null : money(ours),
    theirs: theirs === undefined ? null : money(theirs),
  });
  return {
    ...report,
    ours: money(report.ours),
    theirs: money(report.theirs),
    differences: differences.map(show),
    inFlight: inFlight.map(show),
  };
}
