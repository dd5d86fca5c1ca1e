import { createMemoryStore } from '../../src/cache/index.js';
import type { Cache, Look, Store } from '../../src/cache/index.js';
import type { Tag, World } from './cache-world.js';

/** How a transaction ends: answered, rolled back, or its process dies before the commit or after it. */
export const fates = ['answered', 'rolledBack', 'diesBefore', 'diesAfter'] as const;
export type Fate = (typeof fates)[number];

/** Ways to do it wrong, each of which the property must notice. */
export type Fault = 'announcesAfterCommit' | 'endsWithoutBump' | 'ignoresAnnouncements' | 'reapsAsRolledBack';

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
  async function look(entryKey: string, tags: readonly string[]): Promise<Look> {
    const seen = await inner.look(entryKey, tags);
    const states = fault === 'ignoresAnnouncements' ? seen.tags.map((tag) => ({ ...tag, open: 0 })) : seen.tags;
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
    bump: (tags) => inner.bump(tags),
    begin: async (token, tags) => (state === 'lost' ? 'no-generation' : inner.begin(token, tags)),
    end: (token, outcome, tags) =>
      fault === 'endsWithoutBump' ? inner.end(token, 'rolledBack', []) : inner.end(token, outcome, tags),
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
      state = 'lost';
    },
  };
}
