import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { deliveryCursor, type WebhookDelivery } from '../../modules/news/index.js';
import { parseId } from '../common/ids.js';
import { toConnection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import {
  CreateWebhookEndpointInput,
  UpdateWebhookEndpointInput,
  WebhookDeliveriesArgs,
  WebhookDeliveryConnectionType,
  WebhookDeliveryPayload,
  WebhookDeliveryType,
  WebhookEndpointPayload,
  WebhookEndpointType,
  WebhookSecretPayload,
} from './webhook.type.js';

/**
 * No mutation here takes an idempotency key: a kept answer would keep a secret, and the others do the same when they are
 * repeated.
 */
@Resolver(() => WebhookDeliveryType)
export class WebhookResolver {
  @Authorized('ADMIN')
  @Query(() => [WebhookEndpointType], { description: "Where the market's news is sent. Never from a cache." })
  async webhookEndpoints(@Ctx() { services, viewer }: GraphqlContext) {
    return services.webhooks.list(viewer);
  }

  @Authorized('ADMIN')
  @Query(() => WebhookDeliveryConnectionType, {
    description: 'What was or is to be sent to an endpoint, newest first. Never from a cache.',
  })
  async webhookDeliveries(
    @Args(() => WebhookDeliveriesArgs) { endpointId, ...args }: WebhookDeliveriesArgs,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    const asked = { ...args, endpointId: parseId('endpointId', endpointId) };
    return toConnection(await services.webhooks.deliveries(viewer, asked), args.after, deliveryCursor);
  }

  @Authorized('ADMIN')
  @Mutation(() => WebhookSecretPayload, { description: "Has the market's news sent somewhere, from now on." })
  async createWebhookEndpoint(
    @Arg('input', () => CreateWebhookEndpointInput) input: CreateWebhookEndpointInput,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.webhooks.create(viewer, input);
  }

  @Authorized('ADMIN')
  @Mutation(() => WebhookEndpointPayload, { description: 'Changes an endpoint, pauses it or makes it go on.' })
  async updateWebhookEndpoint(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => UpdateWebhookEndpointInput) input: UpdateWebhookEndpointInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: 'Refuse when the endpoint has changed since.' })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { endpoint: await services.webhooks.update(viewer, parseId('id', id), input, expectedVersion) };
  }

  @Authorized('ADMIN')
  @Mutation(() => WebhookSecretPayload, {
    description: 'Gives an endpoint a new secret. For a day deliveries are signed with the old one, too.',
  })
  async rotateWebhookSecret(
    @Arg('id', () => ID) id: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: 'Refuse when the endpoint has changed since.' })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.webhooks.rotateSecret(viewer, parseId('id', id), expectedVersion);
  }

  @Authorized('ADMIN')
  @Mutation(() => WebhookEndpointPayload, {
    description: 'Deletes an endpoint, with all that is to be sent there. The answer shows it as it was.',
  })
  async deleteWebhookEndpoint(
    @Arg('id', () => ID) id: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: 'Refuse when the endpoint has changed since.' })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { endpoint: await services.webhooks.delete(viewer, parseId('id', id), expectedVersion) };
  }

  @Authorized('ADMIN')
  @Mutation(() => WebhookDeliveryPayload, {
    description: 'Sends an event again, with the id and the body it had, whatever came of it before.',
  })
  async replayWebhookDelivery(
    @Arg('deliveryId', () => ID) deliveryId: string,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { delivery: await services.webhooks.replay(viewer, parseId('deliveryId', deliveryId)) };
  }

  @FieldResolver(() => String, { description: 'What receivers tell repeated deliveries of one event by.' })
  eventId(@Root() { outboxSeq }: WebhookDelivery) {
    return `evt_${outboxSeq}`;
  }
}
