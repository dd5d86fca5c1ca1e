import type { OpenIntent } from '../types.js';

/** Announced writes of one process. */
export interface Intents {
  begin(token: string, tags: readonly string[]): void;
  /** @returns the tags it kept open; undefined when it was not open */
  end(token: string): readonly string[] | undefined;
  /** How many announced writes keep this tag open. */
  openOf(tag: string): number;
  open(olderThanMs: number, limit: number): readonly OpenIntent[];
}

/** @param now milliseconds */
export function createIntents(now: () => number): Intents {
  const intents = new Map<string, { readonly beganAt: number; readonly tags: Set<string> }>();
  const counts = new Map<string, number>();
  const openOf = (tag: string): number => counts.get(tag) ?? 0;
  return {
    openOf,
    begin(token, tags) {
      const intent = intents.get(token) ?? { beganAt: now(), tags: new Set() };
      intents.set(token, intent);
      for (const tag of tags) {
        if (!intent.tags.has(tag)) counts.set(tag, openOf(tag) + 1);
        intent.tags.add(tag);
      }
    },
    end(token) {
      const intent = intents.get(token);
      if (!intent) return undefined;
      intents.delete(token);
      for (const tag of intent.tags) {
        if (openOf(tag) > 1) counts.set(tag, openOf(tag) - 1);
        else counts.delete(tag);
      }
      return [...intent.tags];
    },
    open(olderThanMs, limit) {
      const old = [...intents].map(([token, { beganAt }]) => ({ token, ageMs: now() - beganAt }));
      return old.filter(({ ageMs }) => ageMs >= olderThanMs).slice(0, limit);
    },
  };
}
