import { CacheUnavailable } from '../store.js';

/** @throws CacheUnavailable when the reply is an error, is lost, or has not come within `limitMs` milliseconds */
export async function withTimeLimit<T>(reply: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new CacheUnavailable(`Redis gave no answer within ${limitMs} ms`));
    // After a stall of this process timers run before sockets are read: one more turn lets replies that are here count.
    timer = setTimeout(() => setImmediate(fail), limitMs);
  });
  try {
    return await Promise.race([reply, late]);
  } catch (error) {
    if (error instanceof CacheUnavailable) throw error;
    throw new CacheUnavailable(`Redis: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
