import { createMemoryStore } from '../../src/cache/index.js';
import type { Cache, Look, Store, TagState } from '../../src/cache/index.js';
import type { Tag, World } from './cache-world.js';

/** How a transaction ends: answered, rolled back, or its process dies before the commit or after it. */
export const fates = ['answered', 'rolledBack', 'diesBefore', 'diesAfter'] as const;
export type Fate = (typeof fates)[number];

/** Ways to do it wrong, each of which the property must notice. */
export type Fault =
  | 'announcesAfterCommit'
  | 'endsWithoutBump'
  | 'ignoresAnnouncements'
  | 'reapsAsRolledBack'
  | 'forgetsTagsBeforeTheFloorRises'
  | 'forgetsTagsWithoutAFloor';

/** Writers that announce, commit and end, and the database that knows how each transaction went. */
export interface Writers {
  transact(cache: Cache, tag: Tag, fate: Fate): Promise<void>;
  /** Ends what dead writers left announced. */
  reap(cache: Cache): Promise<void>;
  /** Resolves when every transaction that ran at the call has ended. */
  settled(): Promise<void>;
}

export function createWriters({ turn, commit }: World, fault?: Fault): Writers {
  const outcomes = new Map<string, 'running' | 'committed' | 'rolledBack'>();

  return {
    async transact(cache, tag, fate) {
      const token = `t${outcomes.size}`;
      outcomes.set(token, 'running');
      const announce = (): Promise<boolean> => cache.begin(token, [tag]).then(yes, no);
      const announced = fault === 'announcesAfterCommit' || (await announce());
      await turn();
      const outcome = announced && (fate === 'answered' || fate === 'diesAfter') ? 'committed' : 'rolledBack';
      if (outcome === 'committed') commit(tag);
      outcomes.set(token, outcome);
      await turn();
      if (fate === 'diesBefore' || fate === 'diesAfter') return;
      if (fault === 'announcesAfterCommit') await announce();
      await cache.end(token, outcome, [tag]);
    },
    async reap(cache) {
      for (const { token } of await cache.openIntents(0, 10)) {
        const outcome = outcomes.get(token);
        await turn();
        if (outcome === 'committed' || outcome === 'rolledBack')
          await cache.end(token, fault === 'reapsAsRolledBack' ? 'rolledBack' : outcome, []);
      }
    },
    async settled() {
      const running = [...outcomes].filter(([, outcome]) => outcome === 'running');
      while (running.some(([token]) => outcomes.get(token) === 'running')) await turn();
    },
  };
}

const yes = (): boolean => true;
/** The store kept losing its state: the writer gives up. */
const no = (): boolean => false;

/** A memory store that can lose everything, as a Redis does that somebody empties. */
export interface ForgetfulStore extends Store {
  forget(): void;
}

export function createForgetfulStore(fault?: Fault): ForgetfulStore {
  let inner = createMemoryStore({ tagsMax: 3 });
  let state: 'lost' | 'fenced' | 'whole' = 'whole';
  const forgetting = createForgetting(fault);
  async function look(entryKey: string, tags: readonly string[]): Promise<Look> {
    const seen = await inner.look(entryKey, tags);
    const known = seen.tags.map((tag, index) => forgetting.seen(tags[index] ?? '', tag));
    const states = fault === 'ignoresAnnouncements' ? known.map((tag) => ({ ...tag, open: 0 })) : known;
    const generation = state === 'lost' ? undefined : seen.generation;
    return { ...seen, tags: states, generation, fenced: state === 'fenced' };
  }
  const present = async () => (await inner.look('', [])).generation ?? '';
  return {
    kind: 'memory',
    connect: (link) => link.up(),
    async handshake() {
      const renewed = state === 'lost' ? { renewed: { reason: 'absent', holdMs: 0 } as const } : {};
      if (state === 'lost') state = 'fenced';
      return { ...renewed, ...(state === 'fenced' && { fenced: await present() }) };
    },
    look,
    lookTags: (tags) => look('', tags),
    put: (entryKey, entry, ttlMs) => inner.put(entryKey, entry, ttlMs),
    scan: (pattern, limit) => inner.scan(pattern, limit),
    unlink: (entryKeys) => inner.unlink(entryKeys),
    inspect: (entryKeys) => inner.inspect(entryKeys),
    leases: {
      claim: (...given) => inner.leases.claim(...given),
      standing: (entryKey) => inner.leases.standing(entryKey),
      release: (...given) => inner.leases.release(...given),
    },
    bump: (tags) => forgetting.moved(inner, tags, () => inner.bump(tags)),
    async begin(token, tags) {
      if (state === 'lost') return 'no-generation';
      forgetting.announced(token, tags);
      return inner.begin(token, tags);
    },
    end: (token, outcome, tags) =>
      fault === 'endsWithoutBump'
        ? inner.end(token, 'rolledBack', [])
        : forgetting.moved(inner, outcome === 'committed' ? [...forgetting.of(token), ...tags] : [], () =>
            inner.end(token, outcome, tags),
          ),
    openIntents: (olderThanMs, limit) => inner.openIntents(olderThanMs, limit),
    history: (limit) => inner.history(limit),
    async lift(generation) {
      if (state === 'fenced' && generation === (await present())) state = 'whole';
    },
    renew: () => inner.renew(),
    ping: async () => {},
    close: async () => {},
    forget() {
      inner = createMemoryStore({ tagsMax: 3 });
      forgetting.startsOver();
      state = 'lost';
    },
  };
}

/**
 * Spoils the floor under the tags that a store has forgotten: they are at the floor of before the last bump, as if tags were
 * dropped first and the floor raised later, or at no floor at all.
 */
function createForgetting(fault?: Fault) {
  const last = new Map<string, number>();
  const tokens = new Map<string, readonly string[]>();
  let floorBefore = 0;
  return {
    announced: (token: string, tags: readonly string[]): void =>
      void tokens.set(token, [...(tokens.get(token) ?? []), ...tags]),
    of: (token: string): readonly string[] => tokens.get(token) ?? [],
    async moved<T extends number | { readonly seq: number }>(
      store: Store,
      tags: readonly string[],
      command: () => Promise<T>,
    ): Promise<T> {
      const [never] = (await store.lookTags([' never bumped'])).tags;
      const done = await command();
      const seq = typeof done === 'number' ? done : done.seq;
      if (seq > 0) floorBefore = never?.seq ?? 0;
      for (const tag of tags) last.set(tag, seq);
      return done;
    },
    seen(tag: string, found: TagState): TagState {
      if (last.get(tag) === found.seq) return found;
      if (fault === 'forgetsTagsWithoutAFloor') return { ...found, seq: 0 };
      return fault === 'forgetsTagsBeforeTheFloorRises' ? { ...found, seq: floorBefore } : found;
    },
    startsOver(): void {
      last.clear();
      floorBefore = 0;
    },
  };
}
