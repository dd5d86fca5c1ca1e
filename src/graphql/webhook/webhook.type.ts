import { GraphQLDateTime } from 'graphql-scalars';
import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import {
  newsTopics,
  webhookDeliveryStates,
  webhookEndpointStates,
  type WebhookDelivery,
  type WebhookEndpoint,
} from '../../modules/news/index.js';
import { connectionTypeOf, PageArgs } from '../common/relay.js';

export const WebhookEndpointStateEnum = Object.fromEntries(webhookEndpointStates.map((state) => [state, state]));
registerEnumType(WebhookEndpointStateEnum, {
  name: 'WebhookEndpointState',
  description: 'Whether news is sent.',
  valuesConfig: {
    ACTIVE: { description: 'What is due is sent.' },
    PAUSED: { description: 'What is due waits, until it is given up. An endpoint that fails for a day is paused.' },
  },
});

export const WebhookDeliveryStateEnum = Object.fromEntries(webhookDeliveryStates.map((state) => [state, state]));
registerEnumType(WebhookDeliveryStateEnum, {
  name: 'WebhookDeliveryState',
  description: 'How far a delivery has come.',
  valuesConfig: {
    PENDING: { description: 'Another attempt is made at `nextAt`.' },
    DELIVERED: { description: 'The endpoint answered with a status from 200 to 299.' },
    DEAD: { description: 'Given up. `replayWebhookDelivery` starts again.' },
  },
});

@ObjectType('WebhookEndpoint', {
  simpleResolvers: true,
  description: "Where the market's news is sent. Only its admins see it.",
})
export class WebhookEndpointType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  url!: string;

  @Field(() => [String], { description: 'What it hears of; `*` stands for everything.' })
  topics!: readonly string[];

  @Field(() => WebhookEndpointStateEnum)
  state!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The last failure, when it was paused because it failed for long.',
  })
  pausedReason!: string | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Since when every attempt has failed.' })
  failingSince!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'Until then deliveries are signed with the secret before the last, too.',
  })
  previousSecretUntil!: Date | null;

  @Field(() => Int, { description: 'Grows by one with every change; pass it as `expectedVersion`.' })
  version!: number;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;

  @Field(() => GraphQLDateTime)
  updatedAt!: Date;
}

@ObjectType('WebhookDelivery', {
  simpleResolvers: true,
  description: 'One event on its way to one endpoint. Receivers tell repeated ones by `eventId`.',
})
export class WebhookDeliveryType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Such as `errand.confirm`.' })
  topic!: string;

  @Field(() => String, { description: 'The very text that is signed and sent.' })
  body!: string;

  @Field(() => WebhookDeliveryStateEnum)
  state!: string;

  @Field(() => Int, { description: 'How many attempts were begun.' })
  attempt!: number;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When the next attempt is due.' })
  nextAt!: Date | null;

  @Field(() => Int, { nullable: true, description: 'The HTTP status of the last answer; null when there was none.' })
  responseStatus!: number | null;

  @Field(() => String, { nullable: true, description: 'Why the last attempt failed.' })
  lastError!: string | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it was taken, the last time.' })
  deliveredAt!: Date | null;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;
}

export const WebhookDeliveryConnectionType = connectionTypeOf('WebhookDelivery', () => WebhookDeliveryType);

@ArgsType()
export class WebhookDeliveriesArgs extends PageArgs {
  @Field(() => ID)
  endpointId!: string;

  @Field(() => WebhookDeliveryStateEnum, { nullable: true, description: 'Default: all.' })
  state?: WebhookDelivery['state'];
}

@InputType({ description: 'Where news is to be sent.' })
export class CreateWebhookEndpointInput {
  @Field(() => String, {
    description:
      'https on the public internet; outside production also http on the same machine. Up to 2,048 characters.',
  })
  url!: string;

  @Field(() => [String], { description: `1 to 50 of \`*\`, ${newsTopics.join(', ')}.` })
  topics!: string[];
}

@InputType({ description: 'Only what is given changes.' })
export class UpdateWebhookEndpointInput {
  @Field(() => String, { nullable: true })
  url?: string;

  @Field(() => [String], { nullable: true })
  topics?: string[];

  @Field(() => WebhookEndpointStateEnum, {
    nullable: true,
    description: 'ACTIVE also ends the count of how long it has been failing.',
  })
  state?: WebhookEndpoint['state'];
}

@ObjectType('WebhookEndpointPayload', { simpleResolvers: true, description: 'The endpoint as the mutation left it.' })
export class WebhookEndpointPayload {
  @Field(() => WebhookEndpointType)
  endpoint!: WebhookEndpoint;
}

@ObjectType('WebhookSecretPayload', { simpleResolvers: true, description: 'An endpoint with a secret that is new.' })
export class WebhookSecretPayload {
  @Field(() => WebhookEndpointType)
  endpoint!: WebhookEndpoint;

  @Field(() => String, { description: 'What the signatures are made with. It is shown this once.' })
  secret!: string;
}

@ObjectType('WebhookDeliveryPayload', { simpleResolvers: true, description: 'The delivery as the mutation left it.' })
export class WebhookDeliveryPayload {
  @Field(() => WebhookDeliveryType)
  delivery!: WebhookDelivery;
}
