import type { Aging } from './aging.js';
import type { Looker } from './looker.js';
import { nearTag } from './near.js';
import type { Kept, Near, Stamp } from './near.js';
import type { Control } from './store.js';
import { heedsTags, mismatchOf, missingFrom, unmovedSince, whyBlocked } from './validity.js';
import type { Blocked } from './validity.js';
import type { Visit } from './visit.js';

export interface NearReadDeps {
  readonly near: Near;
  readonly looker: Looker;
  readonly aging: Aging;
  readonly now: () => number;
  /** Whether a look leaves this process. Where it does not, bounded reads look every time. */
  readonly isRemote: boolean;
}

export type NearFound =
  | { readonly kind: 'hit'; readonly kept: Kept; readonly control: Control; readonly lookedAt: Stamp }
  | { readonly kind: 'blocked'; readonly reason: Blocked | 'store-unavailable' };

export interface NearRead {
  /**
   * What a bounded read may be shown without asking anybody. Its last look was sent less than the bound ago and found no
   * bump that it misses, so a write it misses was answered after that, less than the bound ago. With a floor, only what
   * was loaded after it: nobody has looked at its tags since.
   */
  withinBound(visit: Visit): Kept | undefined;
  /**
   * Asks the store for the tags of the entry kept here. Undefined: there is none, or none that this read may be shown.
   *
   * As safe as reading the entry with its tags: an entry never changes and says itself which generation, logical time and
   * tags bind it, and those are compared with a control state read after this read began.
   */
  look(visit: Visit): Promise<NearFound | undefined>;
}

export function createNearRead({ near, looker, aging, now, isRemote }: NearReadDeps): NearRead {
  /** The entry kept for this very question. One that is due to be loaded anew may have been, by another process: the store knows. */
  function find(visit: Visit): Kept | undefined {
    const kept = near.find(visit.entryKey);
    if (!kept || mismatchOf(kept.entry, visit, kept.entry.generation, now(), 0)) return undefined;
    return aging.isDue(kept.entry, visit, now()) ? undefined : kept;
  }

  return {
    withinBound(visit) {
      const { tier, boundMs = 0, floor } = visit.request;
      if (!isRemote || tier !== 'bounded' || !(boundMs > 0)) return undefined;
      const kept = find(visit);
      if (!kept || !near.isWithin(visit.entryKey, kept, boundMs)) return undefined;
      const isAbove = !floor || (kept.entry.generation === floor.generation && kept.entry.s0 >= floor.seq);
      return isAbove && missingFrom(kept.entry.tags, visit.tags).length === 0 ? kept : undefined;
    },
    async look(visit) {
      const kept = find(visit);
      if (!kept) return undefined;
      const { entry } = kept;
      const heeds = heedsTags(visit, entry.s0);
      const lookedAt = near.stamp();
      const binding = heeds ? bindingTags(entry.tags, visit.tags) : visit.implied;
      const asked = await looker.lookTags([...binding, nearTag(visit.entryKey)]);
      if (!asked) return { kind: 'blocked', reason: 'store-unavailable' };
      const control = { ...asked, tags: asked.tags.slice(0, -1) };
      const blocked = whyBlocked(visit, control);
      if (blocked) return { kind: 'blocked', reason: blocked };
      const isValid =
        entry.generation === control.generation &&
        // A store that went back in time under a living generation has forgotten bumps that the entry may miss.
        entry.s0 <= control.seq &&
        unmovedSince(entry.s0, control.tags) &&
        unmovedSince(kept.takenAt, asked.tags.slice(-1));
      if (!isValid) {
        near.drop(visit.entryKey, kept);
        return undefined;
      }
      // Without a look at the tags nothing is known of them.
      if (heeds) near.revalidated(kept, lookedAt);
      return { kind: 'hit', kept, control, lookedAt };
    },
  };
}

/** The request's tags are as a rule among the entry's. */
function bindingTags(ofEntry: readonly string[], ofRequest: readonly string[]): readonly string[] {
  return ofRequest.every((tag) => ofEntry.includes(tag)) ? ofEntry : [...new Set([...ofEntry, ...ofRequest])];
}
