import { GraphQLDateTime } from 'graphql-scalars';
import { ArgsType, Field, ID, ObjectType } from 'type-graphql';
import { MoneyType } from '../common/money.type.js';
import { connectionTypeOf, PageArgs, type Connection } from '../common/relay.js';

@ArgsType()
export class StatementArgs extends PageArgs {
  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'Lines booked after this moment. Default: from the first on.',
  })
  from?: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      'Lines booked up to and including this moment; pass it as `from` for the next period. Default: all there are.',
  })
  to?: Date;
}

@ObjectType('StatementLine', { simpleResolvers: true, description: 'One line of an account, and what it left.' })
export class StatementLineType {
  @Field(() => ID, { description: 'The booking it belongs to.' })
  journalId!: string;

  @Field(() => String, { description: 'What happened: "wallet.topUp", "errand.confirm".' })
  kind!: string;

  @Field(() => String, { description: 'What it is about: "errand:{id}", "charge:{id}".' })
  businessRef!: string;

  @Field(() => GraphQLDateTime, {
    description: 'When it was written into the books; decides in which period it stands.',
  })
  bookedAt!: Date;

  @Field(() => GraphQLDateTime, { description: 'When what it books happened.' })
  effectiveAt!: Date;

  @Field(() => String, { description: 'DEBIT or CREDIT. A wallet grows by credits.' })
  side!: string;

  @Field(() => MoneyType)
  amount!: MoneyType;

  @Field(() => MoneyType, { description: 'What the account held after this line, as the account counts.' })
  balance!: MoneyType;
}

const StatementLineConnection = connectionTypeOf('StatementLine', () => StatementLineType);

@ObjectType('AccountStatement', {
  simpleResolvers: true,
  description:
    'An account over a period, read from the ledger itself: the opening balance and all lines make the closing balance, which is the opening balance of the period that begins where this one ends.',
})
export class AccountStatementType {
  @Field(() => String, { description: 'Its place in the chart of accounts: "user:{id}:wallet", "revenue:commission".' })
  code!: string;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'As asked for.' })
  from!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'As asked for.' })
  to!: Date | null;

  @Field(() => Boolean, {
    description: 'The books are closed as of `to`: the same question gets this answer for ever. Never without `to`.',
  })
  isFinal!: boolean;

  @Field(() => MoneyType, { description: 'What the account held at `from`.' })
  opening!: MoneyType;

  @Field(() => MoneyType, { description: 'What the account held at `to`.' })
  closing!: MoneyType;

  @Field(() => MoneyType, { description: 'The debits of the whole period, whatever the page.' })
  debits!: MoneyType;

  @Field(() => MoneyType, { description: 'The credits of the whole period, whatever the page.' })
  credits!: MoneyType;

  @Field(() => StatementLineConnection, { description: 'Oldest first.' })
  lines!: Connection<StatementLineType>;

  @Field(() => String, {
    description:
      'The same page as CSV (RFC 4180), amounts in minor units. The first page begins with the opening balance, the last ends with the closing balance: all pages, one behind the other, are the whole statement.',
  })
  csv!: string;
}
