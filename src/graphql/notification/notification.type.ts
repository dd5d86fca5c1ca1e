import { GraphQLDateTime } from 'graphql-scalars';
import { ArgsType, Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionTypeOf, PageArgs } from '../common/relay.js';

@ObjectType('NotificationParam', {
  simpleResolvers: true,
  description: 'Something that the text of a notification names.',
})
export class NotificationParamType {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  value!: string;
}

@ObjectType('Notification', { simpleResolvers: true, description: 'Something you were told. Nobody else sees it.' })
export class NotificationType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, {
    description:
      'The key of its text, such as `errand.confirm`: `errand.` or `payout.` and the transition, or `webhook.paused`.',
  })
  kind!: string;

  @Field(() => GraphQLDateTime, { description: 'When it happened.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Null until you have read it.' })
  readAt!: Date | null;
}

export const NotificationConnectionType = connectionTypeOf('Notification', () => NotificationType);

@ArgsType()
export class NotificationsArgs extends PageArgs {
  @Field(() => Boolean, { nullable: true, description: 'Default false.' })
  unreadOnly?: boolean;
}

@ObjectType('NotificationsReadPayload', { simpleResolvers: true, description: 'What came of marking.' })
export class NotificationsReadPayload {
  @Field(() => Int, { description: 'How many were unread and are read now.' })
  marked!: number;

  @Field(() => Int, { description: 'How many are unread still.' })
  unreadCount!: number;
}
