import { Field, InputType, ObjectType, registerEnumType } from 'type-graphql';

import { BigIntScalar } from './scalars.js';
import { currencies, formatMoney, type Currency, type Money } from '../../kernel/index.js';

export const CurrencyEnum = Object.fromEntries(currencies.map((code) => [code, code]));
registerEnumType(CurrencyEnum, { name: 'Currency', description: 'ISO 4217 currency code.' });

@ObjectType('Money', { simpleResolvers: true, description: 'An exact amount. Never a float.' })
export class MoneyType {
  @Field(() => BigIntScalar, {
    description: 'Minor units: kobo, cent, pesewa. A JSON number up to 2^53 - 1, a string beyond it.',
  })
  minor!: bigint;

  @Field(() => CurrencyEnum)
  currency!: Currency;

  @Field(() => String, { description: 'For people: "NGN 1,234.50".' })
  formatted!: string;
}

export function moneyOf(minor: bigint, currency: string): MoneyType {
  const money: Money = { minor, currency: currency as Currency };
  return { ...money, formatted: formatMoney(money) };
}

@InputType({ description: 'An amount in minor units of a currency.' })
export class MoneyInput {
  @Field(() => BigIntScalar)
  minor!: bigint;

  @Field(() => CurrencyEnum)
  currency!: string;
}
