import { Arg, Authorized, ID, Resolver, Root, Subscription } from 'type-graphql';
import { AppError, requireUser } from '../../kernel/index.js';
import { canSeeDispute, type Dispute } from '../../modules/disputes/index.js';
import { assertParty, type Escrow } from '../../modules/escrows/index.js';
import type { ErrandNews, Notification } from '../../modules/news/index.js';
import { parseId } from '../common/ids.js';
import type { GraphqlContext } from '../context.js';
import { DisputeType } from '../dispute/dispute.type.js';
import { EscrowType } from '../escrow/escrow.type.js';
import { NotificationType } from '../notification/notification.type.js';
import { streamOf, streamOfErrands, type Subscribing } from './subscriber.js';

@Resolver()
export class CaseSubscriptions {
  @Authorized()
  @Subscription(() => EscrowType, {
    subscribe: async ({ args: { id }, context }: Subscribing<{ id?: string }>) => {
      if (id !== undefined) await context.services.escrows.get(context.viewer, parseId('id', id));
      return streamOfChanges(context, id?.toLowerCase(), escrowAfter);
    },
    description:
      'An escrow when it has changed, read when it is sent; without `id`, every escrow that you pay into or are paid from.',
  })
  escrowChanged(@Arg('id', () => ID, { nullable: true }) _id: string | undefined, @Root() escrow: Escrow): Escrow {
    return escrow;
  }

  @Authorized()
  @Subscription(() => DisputeType, {
    subscribe: async ({ args: { id }, context }: Subscribing<{ id?: string }>) => {
      if (id !== undefined) await context.services.disputes.get(context.viewer, parseId('id', id));
      return streamOfChanges(context, id?.toLowerCase(), disputeAfter);
    },
    description: 'A dispute when it has changed, read when it is sent; without `id`, every dispute of yours.',
  })
  disputeChanged(@Arg('id', () => ID, { nullable: true }) _id: string | undefined, @Root() dispute: Dispute): Dispute {
    return dispute;
  }

  @Authorized()
  @Subscription(() => NotificationType, {
    subscribe: ({ context }: Subscribing<object>) => {
      const { userId } = requireUser(context.viewer);
      return streamOf(context, (push) =>
        context.services.liveNews.followNotifications((told) => {
          if (told.userId !== userId) return;
          push({ load: ({ services, viewer }) => services.notifications.find(viewer, told.id) });
        }),
      );
    },
    description: 'What you are told, as you are told it.',
  })
  notificationReceived(@Root() notification: Notification): Notification {
    return notification;
  }
}

interface Versioned {
  readonly id: string;
  readonly version: number;
}

/** Versions that are remembered of one subscription, to say each once. */
const rememberedMax = 1_000;

/** What hangs on errands and has a version of its own: it is announced when that has grown. */
function streamOfChanges<Value extends Versioned>(
  context: GraphqlContext,
  id: string | undefined,
  load: (news: ErrandNews, context: GraphqlContext) => Promise<Value | undefined>,
) {
  const { userId } = requireUser(context.viewer);
  const said = new Map<string, number>();
  return streamOfErrands(context, (news) => {
    if (id === undefined && news.customerId !== userId && news.runnerId !== userId) return undefined;
    return {
      async load(fresh) {
        const value = await load(news, fresh);
        if (!value || (id !== undefined && value.id !== id) || value.version <= (said.get(value.id) ?? 0))
          return undefined;
        const [oldest] = said.keys();
        if (oldest !== undefined && said.size >= rememberedMax) said.delete(oldest);
        said.set(value.id, value.version);
        return value;
      },
    };
  });
}

/** The newest of the errand, if it is the viewer's to see. */
async function escrowAfter(news: ErrandNews, { services, viewer }: GraphqlContext): Promise<Escrow | undefined> {
  const [escrow] = await services.escrows.byErrandIds(news.tenantId, [news.errandId]);
  return escrow && isParty(escrow, viewer) ? escrow : undefined;
}

async function disputeAfter(news: ErrandNews, { services, viewer }: GraphqlContext): Promise<Dispute | undefined> {
  const [dispute] = await services.disputes.byErrandIds(news.tenantId, [news.errandId]);
  return dispute && canSeeDispute(viewer, dispute) ? dispute : undefined;
}

function isParty(escrow: Escrow, viewer: GraphqlContext['viewer']): boolean {
  try {
    assertParty(viewer, escrow);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}
