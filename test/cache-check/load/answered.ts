/** What writes have been answered with, in the order of this process. */
export interface Answered {
  note(id: string, version: number): void;
  /** To be called before a request is sent. @returns the highest version answered until then, by id */
  now(): (id: string) => number | undefined;
}

export function createAnswered(): Answered {
  const histories = new Map<string, { readonly at: number; readonly version: number }[]>();
  let now = 0;
  return {
    note(id, version) {
      now += 1;
      const history = histories.get(id) ?? [];
      histories.set(id, history);
      // Answers of two writes may arrive in the other order than they were made in.
      if (version > (history.at(-1)?.version ?? 0)) history.push({ at: now, version });
    },
    now() {
      const began = now;
      return (id) => histories.get(id)?.findLast(({ at }) => at <= began)?.version;
    },
  };
}
