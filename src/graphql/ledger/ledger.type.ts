import { GraphQLDateTime } from 'graphql-scalars';
import { ArgsType, Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { chargebackBearers, type ChargebackBearer } from '../../modules/escrows/index.js';
import { ledgerTimes, type LedgerTime } from '../../modules/ledger/index.js';
import { CurrencyEnum, MoneyInput, MoneyType } from '../common/money.type.js';

const enumOf = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, name]));

export const LedgerTimeEnum = enumOf(ledgerTimes);
registerEnumType(LedgerTimeEnum, {
  name: 'LedgerTime',
  description: 'Which time of a booking counts.',
  valuesConfig: {
    RECORDED: { description: 'When it was written into the books.' },
    EFFECTIVE: { description: 'When what it books happened.' },
  },
});

export const ChargebackBearerEnum = enumOf(chargebackBearers);
registerEnumType(ChargebackBearerEnum, {
  name: 'ChargebackBearer',
  description: 'Who bears money that a provider took back.',
  valuesConfig: {
    USER: {
      description: 'Whose wallet it had filled: from the wallet, the rest is owed and taken from later credits.',
    },
    HOUSE: { description: 'RunAm, as an expense.' },
  },
});

@ArgsType()
export class BooksArgs {
  @Field(() => CurrencyEnum)
  currency!: string;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'Bookings of this moment count too. Default: all there are.',
  })
  asOf?: Date;

  @Field(() => LedgerTimeEnum, { defaultValue: 'RECORDED' })
  by!: LedgerTime;
}

@ObjectType({ simpleResolvers: true, description: 'An account and what was booked on it.' })
export class LedgerRow {
  @Field(() => String, { description: 'Its place in the chart of accounts: "user:{id}:wallet", "revenue:commission".' })
  code!: string;

  @Field(() => String, { description: 'ASSET, LIABILITY, INCOME, EXPENSE or EQUITY.' })
  type!: string;

  @Field(() => MoneyType)
  debits!: MoneyType;

  @Field(() => MoneyType)
  credits!: MoneyType;

  @Field(() => MoneyType, {
    description: 'As the account counts: assets and expenses grow by debits, the others by credits.',
  })
  balance!: MoneyType;
}

@ObjectType({ simpleResolvers: true, description: 'An account as it stood.' })
export class AccountBalance extends LedgerRow {
  @Field(() => Boolean, {
    description:
      'The books are closed as of `asOf`: the same question gets this answer for ever. Never when by EFFECTIVE.',
  })
  isFinal!: boolean;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Every account of the market as it stood, at one moment of the books.',
})
export class TrialBalance {
  @Field(() => Boolean, {
    description:
      'The books are closed as of `asOf`: the same question gets this answer for ever. Never when by EFFECTIVE.',
  })
  isFinal!: boolean;

  @Field(() => MoneyType, { description: 'Equal to `credits`.' })
  debits!: MoneyType;

  @Field(() => MoneyType)
  credits!: MoneyType;

  @Field(() => [LedgerRow], { description: 'Accounts with bookings by then, by code.' })
  rows!: readonly LedgerRow[];
}

@ObjectType({ simpleResolvers: true })
export class JournalLine {
  @Field(() => String)
  account!: string;

  @Field(() => String, { description: 'DEBIT or CREDIT.' })
  side!: string;

  @Field(() => MoneyType)
  amount!: MoneyType;
}

@ObjectType({ simpleResolvers: true, description: 'One balanced booking. Never changed; taken back by another.' })
export class Journal {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  kind!: string;

  @Field(() => String, { description: 'What it is about: "errand:{id}", "charge:{id}".' })
  businessRef!: string;

  @Field(() => String, { nullable: true, description: 'Why a person booked it by hand.' })
  reason!: string | null;

  @Field(() => ID, { nullable: true, description: 'Who booked it; null for a timer or a provider.' })
  actorId!: string | null;

  @Field(() => ID, { nullable: true, description: 'The journal it takes back.' })
  reversesId!: string | null;

  @Field(() => GraphQLDateTime)
  effectiveAt!: Date;

  @Field(() => GraphQLDateTime)
  recordedAt!: Date;

  @Field(() => [JournalLine])
  lines!: readonly JournalLine[];
}

@ObjectType({ simpleResolvers: true })
export class ReverseJournalPayload {
  @Field(() => Journal, { description: 'The mirror that takes it back.' })
  journal!: Journal;
}

@InputType()
export class ChargebackInput {
  @Field(() => String, { description: 'The payment provider, as in the code of its clearing account.' })
  provider!: string;

  @Field(() => String, {
    description: "The provider's own name for the event; it is booked once. 1 to 200 characters.",
  })
  eventId!: string;

  @Field(() => String, { description: "The provider's name for the charge." })
  providerRef!: string;

  @Field(() => MoneyInput, { description: 'Up to what of the charge was not taken back yet.' })
  amount!: MoneyInput;

  @Field(() => ChargebackBearerEnum, { defaultValue: 'USER' })
  bearer!: ChargebackBearer;

  @Field(() => String, { description: '1 to 500 characters.' })
  reason!: string;
}

@ObjectType({ simpleResolvers: true })
export class ChargebackPayload {
  @Field(() => Journal)
  journal!: Journal;

  @Field(() => Boolean, { description: 'The event had been booked before; nothing moved this time.' })
  isReplay!: boolean;
}
