import type { Bumped } from '../store.js';

/** The last bumps of one process. */
export interface BumpLog {
  /** @returns `seq` */
  note(seq: number, tags: readonly string[], token?: string): number;
  /** Youngest first. */
  last(limit: number): readonly Bumped[];
}

const bumpsMax = 1000;
const tagsNamedMax = 20;

/** @param now milliseconds */
export function createBumpLog(now: () => number): BumpLog {
  const ring: Bumped[] = [];
  let next = 0;
  return {
    note(seq, tags, token) {
      const named = tags.slice(0, tagsNamedMax);
      const more = tags.length - named.length;
      ring[next] = { seq, atMs: now(), ...(token === undefined ? {} : { token }), tags: named, more };
      next = (next + 1) % bumpsMax;
      return seq;
    },
    last: (limit) => [...ring.slice(next), ...ring.slice(0, next)].toReversed().slice(0, Math.max(0, limit)),
  };
}
