import { ArgsType, Args, Ctx, Field, ID, ObjectType, Query, registerEnumType, Resolver } from 'type-graphql';
import { families, tags } from '../../invalidation/index.js';
import { bankTypes, type BankListing, type BankType } from '../../modules/banks/index.js';
import { Cached } from '../caching/cached.js';
import { CurrencyEnum } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';

const BankTypeEnum = Object.fromEntries(bankTypes.map((type) => [type, type]));
registerEnumType(BankTypeEnum, { name: 'BankType', description: 'The rail an account at this bank is reached by.' });

@ObjectType('Bank', { simpleResolvers: true, description: 'An entry of the bank directory.' })
export class BankGraphqlType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  slug!: string;

  @Field(() => String, {
    description: 'Text: zeros in front belong to it. Only meaningful together with `codeScheme`.',
  })
  code!: string;

  @Field(() => String)
  codeScheme!: string;

  @Field(() => BankTypeEnum)
  type!: string;

  @Field(() => CurrencyEnum)
  currency!: string;

  @Field(() => String, { description: 'ISO 3166-1 alpha-2.' })
  country!: string;

  @Field(() => Boolean, { description: 'False when it merged or closed.' })
  active!: boolean;
}

@ArgsType()
export class BanksArgs {
  @Field(() => String, { defaultValue: 'NG', description: 'ISO 3166-1 alpha-2: NG, GH, KE or ZA.' })
  country!: string;

  @Field(() => BankTypeEnum, { nullable: true })
  type?: BankType;

  @Field(() => String, { nullable: true, description: 'Part of a name, an earlier name, or a code.' })
  search?: string;
}

@Resolver(() => BankGraphqlType)
export class BankResolver {
  @Query(() => [BankGraphqlType], { description: 'The bank directory of a country, by name. No sign-in needed.' })
  @Cached<BanksArgs, readonly BankListing[]>({
    type: 'BANKS_LIST',
    scope: 'everyone',
    key: (args) => families.banksList(countryOf(args), args),
    tags: (args) => [tags.banks(countryOf(args))],
  })
  async banks(@Args(() => BanksArgs) args: BanksArgs, @Ctx() { services }: GraphqlContext) {
    return services.banks.list(args);
  }
}

/** Two letters of it, however long it is: what more there is is refused by the load, and kept nowhere. */
function countryOf({ country }: BanksArgs): string {
  return country.trim().slice(0, 2).toUpperCase();
}
