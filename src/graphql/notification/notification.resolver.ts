import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { canSeePrivate } from '../../modules/errands/index.js';
import { notificationCursor, type Notification } from '../../modules/news/index.js';
import { parseId } from '../common/ids.js';
import { toConnection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import { ErrandType } from '../errand/errand.type.js';
import {
  NotificationConnectionType,
  NotificationParamType,
  NotificationsArgs,
  NotificationsReadPayload,
  NotificationType,
} from './notification.type.js';

@Resolver(() => NotificationType)
export class NotificationResolver {
  @Authorized()
  @Query(() => NotificationConnectionType, { description: 'What you were told, newest first. Never from a cache.' })
  async myNotifications(
    @Args(() => NotificationsArgs) args: NotificationsArgs,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return toConnection(await services.notifications.list(viewer, args), args.after, notificationCursor);
  }

  @Authorized()
  @Mutation(() => NotificationsReadPayload, {
    description: 'Marks what you were told as read. Done twice, it changes nothing the second time.',
  })
  async markNotificationsRead(
    @Arg('ids', () => [ID], { nullable: true, description: 'Up to 100. Default: all there are now.' })
    ids: string[] | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    const named = ids?.map((id) => parseId('ids', id));
    const marked = await services.notifications.markRead(viewer, named);
    return { marked, unreadCount: await services.notifications.unreadCount(viewer) };
  }

  @FieldResolver(() => [NotificationParamType], { description: 'What its text names.' })
  params(@Root() { params }: Notification) {
    return Object.entries(params as object).map(([name, value]) => ({ name, value: String(value) }));
  }

  @FieldResolver(() => ErrandType, {
    nullable: true,
    description: 'The errand it is about, as it is now; null when you are no party to it any more.',
  })
  async errand(@Root() { errandId }: Notification, @Ctx() { loaders, viewer }: GraphqlContext) {
    const errand = errandId && (await loaders.errandById.load(errandId));
    return errand && canSeePrivate(viewer, errand) ? errand : null;
  }
}

@Resolver(() => NotificationConnectionType)
export class NotificationConnectionResolver {
  @FieldResolver(() => Int, { description: 'How many of all you were told you have not read.' })
  async unreadCount(@Ctx() { services, viewer }: GraphqlContext) {
    return services.notifications.unreadCount(viewer);
  }
}
