import 'reflect-metadata';
import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import { buildSchema, type PubSub } from 'type-graphql';
import { AppError } from '../kernel/index.js';
import { DisputeActionResolver, ErrandActionResolver, OfferActionResolver } from './action/action.resolver.js';
import { authChecker } from './auth-checker.js';
import { AuditResolver } from './audit/audit.resolver.js';
import { BankResolver } from './bank/bank.resolver.js';
import { CacheAdminResolver } from './cache-admin/cache-admin.resolver.js';
import type { GraphqlContext } from './context.js';
import { DisputeDecisionResolver, EvidenceResolver } from './dispute/dispute.parts.resolver.js';
import { DisputeResolver } from './dispute/dispute.resolver.js';
import { ErrandResolver } from './errand/errand.resolver.js';
import { ProofResolver } from './errand/proof.resolver.js';
import { EscrowResolver } from './escrow/escrow.resolver.js';
import { EscrowStepsResolver } from './escrow/escrow-steps.resolver.js';
import { refuseBrokenText } from './common/text.js';
import { keyArgument } from './idempotency/idempotent.js';
import { keyHeader } from './idempotency/key-header.js';
import { LedgerResolver } from './ledger/ledger.resolver.js';
import { StatementResolver } from './ledger/statement.resolver.js';
import { createLoaders } from './loaders.js';
import { NotificationConnectionResolver, NotificationResolver } from './notification/notification.resolver.js';
import { OfferResolver } from './offer/offer.resolver.js';
import { BlockedUserResolver, PeopleResolver, PersonPayloadResolver } from './people/people.resolver.js';
import { OfferRulesResolver } from './people/offer-rules.resolver.js';
import { PayoutAccountResolver } from './payout/payout-account.resolver.js';
import { PayoutHandlingResolver, PayoutResolver } from './payout/payout.resolver.js';
import { ReconciliationResolver } from './payout/reconciliation.resolver.js';
import { ChargeResolver } from './payment/charge.resolver.js';
import { InboxResolver } from './payment/inbox.resolver.js';
import { ErrandReviewsResolver, ReviewResolver, UserReviewsResolver } from './review/review.resolver.js';
import { SessionResolver } from './session/session.resolver.js';
import { CaseSubscriptions } from './subscription/case.subscriptions.js';
import { ErrandSubscriptions } from './subscription/errand.subscriptions.js';
import { SystemResolver } from './system/system.resolver.js';
import { UserResolver } from './user/user.resolver.js';
import { WalletResolver } from './wallet/wallet.resolver.js';
import { WebhookResolver } from './webhook/webhook.resolver.js';

/** type-graphql wants one; here each subscription has a stream of its own, and events come from the database. */
const noPubSub: PubSub = {
  publish: (topic) => {
    throw new Error(`${topic} is published by a commit and by nothing else`);
  },
  subscribe: (topic) => {
    throw new Error(`nothing publishes ${topic}: a subscription says where its events come from`);
  },
};

/** The whole API. Inputs are checked by the services, so that every door gives the same faults. */
export async function createSchema(): Promise<GraphQLSchema> {
  const schema = await buildSchema({
    resolvers: [
      AuditResolver,
      BankResolver,
      BlockedUserResolver,
      CaseSubscriptions,
      CacheAdminResolver,
      ChargeResolver,
      InboxResolver,
      DisputeActionResolver,
      DisputeDecisionResolver,
      DisputeResolver,
      ErrandActionResolver,
      ErrandResolver,
      ErrandSubscriptions,
      ErrandReviewsResolver,
      EscrowResolver,
      EscrowStepsResolver,
      EvidenceResolver,
      LedgerResolver,
      NotificationConnectionResolver,
      NotificationResolver,
      OfferActionResolver,
      StatementResolver,
      OfferResolver,
      OfferRulesResolver,
      PayoutAccountResolver,
      PayoutHandlingResolver,
      PayoutResolver,
      PeopleResolver,
      PersonPayloadResolver,
      ReconciliationResolver,
      ProofResolver,
      ReviewResolver,
      SessionResolver,
      SystemResolver,
      UserResolver,
      UserReviewsResolver,
      WalletResolver,
      WebhookResolver,
    ],
    authChecker,
    pubSub: noPubSub,
    validate: false,
  });
  giveMutationsFreshLoaders(schema);
  refuseKeysWithoutUse(schema);
  cleanArguments(schema);
  return schema;
}

/**
 * What a request read before one of its writes must not be shown after it: each mutation field starts with loaders of its
 * own. Done on the built schema, because a middleware for all fields would make every plain field asynchronous.
 */
function giveMutationsFreshLoaders(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = (root, args, context: GraphqlContext, info) => {
      context.loaders = createLoaders(context.services, context.viewer);
      return resolve(root, args, context, info);
    };
  }
}

/** A caller who sends a key counts on it: a mutation that takes none says so rather than run unprotected. */
function refuseKeysWithoutUse(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    if (field.args.some(({ name }) => name === keyArgument)) continue;
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = (root, args, context: GraphqlContext, info) => {
      if (context.idempotencyKey === undefined) return resolve(root, args, context, info);
      throw new AppError(
        'BAD_INPUT',
        `${field.name} takes no idempotency key: send it without the header ${keyHeader}.`,
      );
    };
  }
}

/**
 * What every argument goes through before keys, tags and services see it. `after: null` and no `after` ask the same: many
 * clients send null for what their user left out. Text that the database cannot hold is refused.
 */
function cleanArguments(schema: GraphQLSchema): void {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      field.resolve = withCleanArguments(field.resolve ?? defaultFieldResolver);
      if (field.subscribe) field.subscribe = withCleanArguments(field.subscribe);
    }
  }
}

type Resolve = GraphQLFieldResolver<unknown, unknown, Readonly<Record<string, unknown>>>;

function withCleanArguments(resolve: Resolve): Resolve {
  return (root, args, context, info) => {
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));
    refuseBrokenText(given, '');
    return resolve(root, given, context, info);
  };
}
