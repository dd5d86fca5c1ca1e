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
  const debts = new Set<readonly string[]>();
  let count = 0;
  let isEverything = false;
  const forgive = (tags: readonly string[]): void => {
    if (debts.delete(tags)) count -= tags.length;
  };
  const oweEverything = (): void => {
    isEverything = true;
    debts.clear();
    count = 0;
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
      debts.add(debt);
      count += debt.length;
      try {
        const done = await command();
        forgive(debt);
        return done;
      } catch (error) {
        if (count > tagsMax) oweEverything();
        throw error;
      }
    },
    async pay(target) {
      if (isEverything) await payEverything(target);
      const due = [...debts];
      if (due.length === 0) return;
      await target.bump(due.flat());
      for (const debt of due) forgive(debt);
    },
  };
}
