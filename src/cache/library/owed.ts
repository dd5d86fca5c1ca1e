import type { Cache } from '../types.js';

/** Bumps that a store has not taken for certain, kept by this process until it has. */
export interface Owed {
  /** Owes `tags` until `command` has succeeded. */
  until<T>(tags: readonly string[], command: () => Promise<T>): Promise<T>;
  /** Makes every bump that is owed at the call; to be run before hits resume. */
  pay(target: Pick<Cache, 'bump' | 'clearAll'>): Promise<void>;
}

/** With more than this owed after a failure everything is cleared instead. */
const tagsMax = 10_000;

/**
 * Tags are owed before they are sent, so whatever becomes of the reply, a replay that begins after the connection was lost
 * finds them. They are forgiven only when a bump that was sent after them has been answered.
 */
export function createOwed(): Owed {
  const underWay = new Set<readonly string[]>();
  // Each once, however often it failed: whoever has an outbox tries the same ones again all the time.
  let failed = new Set<string>();
  let isEverything = false;
  const owe = (tags: Iterable<string>): void => {
    for (const tag of tags) failed.add(tag);
    if (failed.size <= tagsMax) return;
    isEverything = true;
    failed.clear();
  };
  /** What comes to be owed while it is paid stays owed. */
  const payEverything = async (target: Pick<Cache, 'clearAll'>): Promise<void> => {
    isEverything = false;
    try {
      await target.clearAll();
    } catch (error) {
      isEverything = true;
      throw error;
    }
  };
  return {
    async until(tags, command) {
      const debt = [...tags];
      underWay.add(debt);
      try {
        return await command();
      } catch (error) {
        owe(debt);
        throw error;
      } finally {
        underWay.delete(debt);
      }
    },
    async pay(target) {
      if (isEverything) await payEverything(target);
      const due = failed;
      failed = new Set();
      const tags = [...new Set([...due, ...[...underWay].flat()])];
      if (tags.length === 0) return;
      try {
        await target.bump(tags);
      } catch (error) {
        owe(due);
        throw error;
      }
    },
  };
}
