import type { Db } from '../../db/index.js';
import type { Logger } from '../../kernel/index.js';
import { notificationSource, outboxSource, type LiveNotification } from './live.sources.js';
import { errandNewsOf, type ErrandNews } from './news.event.js';
import { createTail, type Tail } from './tail.js';

/** Ends it. May be repeated. */
export type Unfollow = () => void;

/** What is committed in the database, by whatever process, told as it happens to whoever follows it. */
export interface LiveNews {
  /**
   * Resolves when everything that is committed from then on will be told: transitions of one errand in their order, each once.
   * `tell` must not throw and must not take long.
   */
  followErrands(tell: (news: ErrandNews) => void): Promise<Unfollow>;
  followNotifications(tell: (told: LiveNotification) => void): Promise<Unfollow>;
  /** Something was committed: look now rather than at the next turn. */
  wake(): void;
  close(): Promise<void>;
}

export interface LiveNewsOptions {
  readonly db: Pick<Db, 'read'>;
  readonly logger: Logger;
  /** Pause between two looks, while somebody follows. Default 200. */
  readonly everyMs?: number;
}

/** Looks into the database as long as somebody follows, and not at all when nobody does. */
export function createLiveNews({ db, logger, everyMs = 200 }: LiveNewsOptions): LiveNews {
  const errands = createFollowing({
    logger,
    everyMs,
    tail: () => createTail(db.read, outboxSource),
    valueOf: errandNewsOf,
  });
  const notifications = createFollowing({
    logger,
    everyMs,
    tail: () => createTail(db.read, notificationSource),
    valueOf: (row: LiveNotification) => row,
  });
  return {
    followErrands: (tell) => errands.follow(tell),
    followNotifications: (tell) => notifications.follow(tell),
    wake() {
      errands.wake();
      notifications.wake();
    },
    close: async () => void (await Promise.all([errands.close(), notifications.close()])),
  };
}

interface FollowingOptions<Row, Value> {
  readonly logger: Logger;
  readonly everyMs: number;
  readonly tail: () => Promise<Tail<Row>>;
  readonly valueOf: (row: Row) => Value | undefined;
}

interface Following<Value> {
  follow(tell: (value: Value) => void): Promise<Unfollow>;
  wake(): void;
  close(): Promise<void>;
}

/** From the first follower to the last. */
interface Life {
  isOver: boolean;
}

/** One tail for all followers of this process; made with the first of them, let go with the last. */
function createFollowing<Row, Value>({
  logger,
  everyMs,
  tail,
  valueOf,
}: FollowingOptions<Row, Value>): Following<Value> {
  const followers = new Set<(value: Value) => void>();
  let now: Life | undefined;
  let begun: Promise<Life> | undefined;
  let running: Promise<void> = Promise.resolve();
  let isAwaited = false;
  const sleepers = new Set<() => void>();
  const rouse = (): void => sleepers.forEach((wakeUp) => wakeUp());

  /** A commit that is told of while a look is under way is looked for once more. */
  function pause(): Promise<void> {
    if (isAwaited) return Promise.resolve();
    return new Promise((resolve) => {
      const wakeUp = (): void => {
        clearTimeout(timer);
        sleepers.delete(wakeUp);
        resolve();
      };
      const timer = setTimeout(wakeUp, everyMs);
      sleepers.add(wakeUp);
    });
  }

  async function run(rows: Tail<Row>, life: Life): Promise<void> {
    for (let isFailing = false; ;) {
      await pause();
      if (life.isOver) return;
      isAwaited = false;
      try {
        const values = (await rows.next()).map(valueOf).filter((value) => value !== undefined);
        for (const value of values) for (const tell of followers) tell(value);
        if (isFailing) logger.info({}, 'live news is read again; nothing was missed');
        isFailing = false;
      } catch (error) {
        if (!isFailing) logger.warn({ err: error }, 'live news cannot be read now; trying on');
        isFailing = true;
      }
    }
  }

  async function begin(life: Life): Promise<Life> {
    const rows = await tail();
    running = Promise.all([running, run(rows, life)]).then(() => undefined);
    return life;
  }

  function end(): void {
    if (now) now.isOver = true;
    now = undefined;
    begun = undefined;
    rouse();
  }

  return {
    async follow(tell) {
      now ??= { isOver: false };
      const mine = (begun ??= begin(now));
      followers.add(tell);
      const unfollow = (): void => {
        if (followers.delete(tell) && followers.size === 0) end();
      };
      try {
        await mine;
      } catch (error) {
        unfollow();
        throw error;
      }
      return unfollow;
    },
    wake() {
      isAwaited = true;
      rouse();
    },
    async close() {
      followers.clear();
      end();
      await running;
    },
  };
}
