import { invariant } from '../../kernel/index.js';
import type { ErrandNews, Unfollow } from '../../modules/news/index.js';
import type { GraphqlContext } from '../context.js';
import type { RequestFacts } from '../request-context.js';
import { createEventStream, type Announcement, type EventStream } from './event-stream.js';

/** Who subscribed, by what they sent: it is judged again at every event. */
export interface SubscriberFacts extends Omit<RequestFacts, 'cacheTrace' | 'cacheFloor' | 'idempotencyKey'> {
  /** Ends the connection of a client that reads too slowly. */
  readonly cut: () => void;
}

/** The context of a subscription, and of each of its events. */
export interface SubscriptionContext extends GraphqlContext {
  readonly subscriber: SubscriberFacts;
}

export type Announced = Announcement<GraphqlContext>;

/** The transitions of the viewer's market that `announce` finds something to say about, to this subscriber. */
export async function streamOfErrands(
  context: GraphqlContext,
  announce: (news: ErrandNews) => Announced | undefined,
): Promise<EventStream<Announced>> {
  const { tenantId } = context.viewer;
  return streamOf(context, (push) =>
    context.services.liveNews.followErrands((news) => {
      const announced = news.tenantId === tenantId ? announce(news) : undefined;
      if (announced) push(announced);
    }),
  );
}

/** Follows something for as long as the stream is read. */
export async function streamOf(
  context: GraphqlContext,
  follow: (push: (announced: Announced) => void) => Promise<Unfollow>,
): Promise<EventStream<Announced>> {
  const { subscriber } = context as SubscriptionContext;
  invariant(subscriber, 'a subscription is served by a door of its own');
  let unfollow: Unfollow | undefined;
  let isOver = false;
  const stream = createEventStream<Announced>({
    onEnd() {
      isOver = true;
      unfollow?.();
    },
    onBehind: subscriber.cut,
  });
  unfollow = await follow(stream.push);
  if (isOver) unfollow();
  return stream;
}

/** What `subscribe` of type-graphql is given, with the types of the arguments and the context. */
export interface Subscribing<Args> {
  readonly args: Args;
  readonly context: GraphqlContext;
}
