/** Passes things on in the order they came, each later than it came. */
export interface DelayLine<T> {
  /** @param holdMs at least so much later */
  push(item: T, holdMs?: number): void;
  /** Forgets what has not been passed on. */
  clear(): void;
}

/** @param delayMs drawn anew for each thing; @param pass takes what is due */
export function createDelayLine<T>(delayMs: () => number, pass: (item: T) => void): DelayLine<T> {
  const waiting: { readonly item: T; readonly dueMs: number }[] = [];
  let lastDueMs = 0;
  let timer: NodeJS.Timeout | undefined;

  const passDue = (): void => {
    timer = undefined;
    for (let first = waiting[0]; first && first.dueMs <= performance.now(); first = waiting[0]) {
      waiting.shift();
      pass(first.item);
    }
    if (waiting[0]) timer ??= setTimeout(passDue, waiting[0].dueMs - performance.now());
  };
  return {
    push(item, holdMs = 0) {
      const nowMs = performance.now();
      lastDueMs = Math.max(lastDueMs, nowMs + delayMs() + holdMs);
      if (waiting.length === 0 && lastDueMs <= nowMs) {
        pass(item);
        return;
      }
      waiting.push({ item, dueMs: lastDueMs });
      timer ??= setTimeout(passDue, lastDueMs - nowMs);
    },
    clear() {
      clearTimeout(timer);
      timer = undefined;
      waiting.length = 0;
    },
  };
}
