/** Something that happened, and how it looks to one viewer. */
export interface Announcement<Context> {
  /** Read for this viewer, now. Undefined: nothing of it is theirs to see. */
  load(context: Context): Promise<unknown>;
}

/** Announcements on their way to one client. */
export interface EventStream<Item> extends AsyncIterableIterator<Item> {
  push(item: Item): void;
  /** What waits is dropped. May be repeated. */
  return(): Promise<IteratorResult<Item>>;
}

export interface EventStreamOptions {
  /** Called once, when the stream ends, whoever ends it. */
  readonly onEnd: () => void;
  /** More than `waitingMax` wait: whoever reads is too slow, and the stream ends. */
  readonly onBehind: () => void;
  /** Default 256. */
  readonly waitingMax?: number;
}

/** A queue with one reader, that holds a bounded number and never makes who pushes wait. */
export function createEventStream<Item>({ onEnd, onBehind, waitingMax = 256 }: EventStreamOptions): EventStream<Item> {
  const waiting: Item[] = [];
  let isOver = false;
  let reader: ((result: IteratorResult<Item>) => void) | undefined;
  const over = { done: true, value: undefined } as const;

  function end(): void {
    if (isOver) return;
    isOver = true;
    waiting.length = 0;
    reader?.(over);
    onEnd();
  }

  return {
    push(item) {
      if (isOver) return;
      if (reader) {
        const handOver = reader;
        reader = undefined;
        handOver({ done: false, value: item });
      } else if (waiting.length < waitingMax) {
        waiting.push(item);
      } else {
        end();
        onBehind();
      }
    },
    next() {
      const item = waiting.shift();
      if (item !== undefined) return Promise.resolve({ done: false, value: item });
      if (isOver) return Promise.resolve(over);
      return new Promise((resolve) => void (reader = resolve));
    },
    return() {
      end();
      return Promise.resolve(over);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
