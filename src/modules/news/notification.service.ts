import {
  badInput,
  isUuid,
  pageOf,
  pageRequest,
  requireUser,
  type Clock,
  type Cursor,
  type Page,
  type Viewer,
} from '../../kernel/index.js';
import type { Db, Notification } from '../../db/index.js';
import { newestFirst } from '../errands/index.js';

export type { Notification };

export interface NotificationsArgs {
  /** Default false. */
  readonly unreadOnly?: boolean | null | undefined;
  /** 1 to 100. Default 20. */
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** What the viewer is told; nobody sees somebody else's. @throws AppError UNAUTHENTICATED */
export interface NotificationService {
  /** Newest first. */
  list(viewer: Viewer, args: NotificationsArgs): Promise<Page<Notification>>;
  /** One of the viewer's. */
  find(viewer: Viewer, id: string): Promise<Notification | undefined>;
  unreadCount(viewer: Viewer): Promise<number>;
  /**
   * Marks those of the viewer's that are named, or all there are now. What is read stays as it was read first, and ids of
   * others are passed over. @returns how many were unread. @throws AppError BAD_INPUT
   */
  markRead(viewer: Viewer, ids: readonly string[] | null | undefined): Promise<number>;
}

export interface NotificationServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
}

const idsMax = 100;

/** Where a notification stands in its list. */
export const notificationCursor: (row: Notification) => Cursor = newestFirst.cursor;

export function createNotificationService({ db, clock }: NotificationServiceDeps): NotificationService {
  return {
    async list(viewer, { unreadOnly, first, after }) {
      const { userId } = requireUser(viewer);
      const page = pageRequest(first ?? undefined, after ?? undefined, newestFirst.order);
      const rows = await db.read.notification.findMany({
        where: { AND: [{ userId }, unreadOnly ? { readAt: null } : {}, newestFirst.after(page.after)] },
        orderBy: [...newestFirst.orderBy],
        take: page.first + 1,
      });
      return pageOf(rows, page.first);
    },
    find: async (viewer, id) =>
      (await db.read.notification.findFirst({ where: { id, userId: requireUser(viewer).userId } })) ?? undefined,
    unreadCount: async (viewer) =>
      db.read.notification.count({ where: { userId: requireUser(viewer).userId, readAt: null } }),
    async markRead(viewer, ids) {
      const { userId } = requireUser(viewer);
      if (ids && ids.length > idsMax) throw badInput('ids', `takes up to ${idsMax} ids, got ${ids.length}.`);
      const named = ids ? { id: { in: ids.filter(isUuid) } } : {};
      const { count } = await db.write((tx) =>
        tx.notification.updateMany({ where: { userId, readAt: null, ...named }, data: { readAt: clock.now() } }),
      );
      return count;
    },
  };
}
