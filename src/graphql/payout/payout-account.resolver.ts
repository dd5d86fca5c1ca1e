import { GraphQLDateTime } from 'graphql-scalars';
import {
  Arg,
  Authorized,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  registerEnumType,
  Resolver,
  Root,
} from 'type-graphql';
import { payoutAccountStatuses, type NewPayoutAccount, type PayoutAccount } from '../../modules/payouts/index.js';
import { BankGraphqlType } from '../bank/bank.resolver.js';
import { parseId } from '../common/ids.js';
import { CurrencyEnum } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

const PayoutAccountStatusEnum = Object.fromEntries(payoutAccountStatuses.map((status) => [status, status]));
registerEnumType(PayoutAccountStatusEnum, {
  name: 'PayoutAccountStatus',
  description: 'Whether an account can be paid to.',
  valuesConfig: {
    ACTIVE: { description: 'From `coolOffUntil` on.' },
    REMOVED: { description: 'Taken away by its owner; payouts that were under way still reach it.' },
  },
});

@ObjectType('PayoutAccount', {
  simpleResolvers: true,
  description: 'A bank account that its owner is paid out to. Nobody is shown more of its number than the last digits.',
})
export class PayoutAccountType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'The last four digits of its number.' })
  last4!: string;

  @Field(() => String, { description: 'Whose account it is, as the bank says.' })
  accountName!: string;

  @Field(() => Int, {
    description:
      'How much of that name and of the display name of its owner is the same, in percent of the words of the shorter one.',
  })
  nameMatchScore!: number;

  @Field(() => CurrencyEnum)
  currency!: string;

  @Field(() => PayoutAccountStatusEnum)
  status!: string;

  @Field(() => GraphQLDateTime, { description: 'It can be paid to from then on.' })
  coolOffUntil!: Date;

  @Field(() => Int, { description: 'Grows by one with every change.' })
  version!: number;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;
}

@InputType()
export class AddPayoutAccountInput {
  @Field(() => ID, { description: 'A bank of the directory; see `banks`.' })
  bankId!: string;

  @Field(() => String, {
    description: '5 to 20 digits, as text: zeros in front belong to it. Spaces and hyphens do not count.',
  })
  accountNumber!: string;
}

@ObjectType({ simpleResolvers: true })
export class PayoutAccountPayload extends ReplayablePayload {
  @Field(() => PayoutAccountType)
  account!: PayoutAccount;
}

@Resolver(() => PayoutAccountType)
export class PayoutAccountResolver {
  @Authorized()
  @Query(() => [PayoutAccountType], { description: 'Where you can be paid out to, oldest first. Never from a cache.' })
  async myPayoutAccounts(@Ctx() { services, viewer }: GraphqlContext) {
    return services.payoutAccounts.mine(viewer);
  }

  @Authorized()
  @Mutation(() => PayoutAccountPayload, {
    description: 'Adds a bank account to be paid out to. The bank is asked whose it is; the number is kept encrypted.',
  })
  @Idempotent({
    inSteps: true,
    compared: ({ input }, { payoutAccounts }) => payoutAccounts.nameOf(input as NewPayoutAccount),
  })
  async addPayoutAccount(
    @Arg('input', () => AddPayoutAccountInput) input: AddPayoutAccountInput,
    @Ctx() { services, viewer }: GraphqlContext,
    callName?: string,
  ) {
    const bankId = parseId('input.bankId', input.bankId);
    return services.payoutAccounts.add(viewer, { ...input, bankId }, callName);
  }

  @Authorized()
  @Mutation(() => PayoutAccountPayload, { description: 'Takes one of your payout accounts away.' })
  @Idempotent()
  async removePayoutAccount(
    @Arg('id', () => ID) id: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The account's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { account: await services.payoutAccounts.remove(viewer, parseId('id', id), expectedVersion) };
  }

  @FieldResolver(() => BankGraphqlType)
  async bank(@Root() account: PayoutAccount, @Ctx() { loaders }: GraphqlContext) {
    return loaders.bankById.load(account.bankId);
  }
}
