import { Arg, Args, Authorized, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { webhookCursor } from '../../modules/payments/index.js';
import { parseId } from '../common/ids.js';
import { PageArgs, toConnection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import { RetryWebhookPayload, WebhookConnectionType } from './webhook.type.js';

@Resolver()
export class InboxResolver {
  @Authorized('FINANCE')
  @Query(() => WebhookConnectionType, {
    description:
      "What payment providers told and nothing came of: about this market's payments, and about none that is known. Newest first.",
  })
  async webhookInbox(@Args(() => PageArgs) args: PageArgs, @Ctx() { services, viewer }: GraphqlContext) {
    return toConnection(await services.inbox.failed(viewer, args), args.after, webhookCursor);
  }

  @Authorized('FINANCE')
  @Mutation(() => RetryWebhookPayload, { description: 'Has a failed webhook tried again, shortly.' })
  async retryWebhook(
    @Arg('webhookId', () => ID) webhookId: string,
    @Ctx() { services, viewer }: GraphqlContext,
  ): Promise<RetryWebhookPayload> {
    return { webhook: await services.inbox.retry(viewer, parseId('webhookId', webhookId)) };
  }
}
