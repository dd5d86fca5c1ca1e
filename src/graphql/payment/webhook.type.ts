import { GraphQLDateTime } from 'graphql-scalars';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionTypeOf } from '../common/relay.js';

@ObjectType('Webhook', {
  simpleResolvers: true,
  description: 'Something a payment provider told us that came to nothing.',
})
export class WebhookType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  provider!: string;

  @Field(() => String, { description: "The provider's name for the event, else a hash of what it sent." })
  eventId!: string;

  @Field(() => String, { description: 'charge, chargeback or transfer.' })
  kind!: string;

  @Field(() => String, { description: 'The reference it names.' })
  subject!: string;

  @Field(() => String, { description: 'FAILED; RECEIVED while it waits to be tried again.' })
  state!: string;

  @Field(() => String, { nullable: true, description: 'Why it came to nothing.' })
  error!: string | null;

  @Field(() => Int, { description: 'How often it was tried.' })
  attempts!: number;

  @Field(() => GraphQLDateTime)
  receivedAt!: Date;
}

export const WebhookConnectionType = connectionTypeOf('Webhook', () => WebhookType);

@ObjectType('RetryWebhookPayload', { simpleResolvers: true })
export class RetryWebhookPayload {
  @Field(() => WebhookType)
  webhook!: WebhookType;
}
