import type { Scheduler } from 'fast-check';
import { CacheUnavailable } from '../../src/cache/index.js';
import type { Cache, ReadRequest, Store, StoreLink, Tier } from '../../src/cache/index.js';

export const items = ['a', 'b', 'c'] as const;
export type Item = (typeof items)[number];
export type Tag = Item | 'list';
/** The version of each row a read shows. */
export type Shown = Partial<Record<Tag, number>>;

/**
 * A database of four rows that only count their writes, and what readers may expect of it: the version of each row whose
 * write had been answered, or, of strict readers, had been committed. Every step of a load and of the store waits for the
 * scheduler's turn.
 */
export interface World {
  readonly turn: () => Promise<void>;
  /** The versions that are in the database now. */
  readonly versions: Readonly<Record<Tag, number>>;
  /**
   * @param more how the answer is kept; with `negative`, a row of an even version is absent
   * @throws Error when the answer shows a row older than was answered, or committed, before the read began
   */
  read(
    cache: Cache,
    key: Item | 'list',
    fails: boolean,
    tier?: 'strict' | 'acked',
    more?: Partial<ReadRequest<Shown>>,
  ): Promise<void>;
  /** Makes a new version of a row, in one step. */
  commit(tag: Tag): void;
  /** Commits, then bumps. @param spoil what the writer does before it answers */
  write(tag: Tag, spoil: (tags: readonly Tag[]) => Promise<void>): Promise<void>;
}

export function createWorld(scheduler: Scheduler): World {
  const versions: Record<Tag, number> = { a: 0, b: 0, c: 0, list: 0 };
  const floor: Record<Tag, number> = { ...versions };
  const turn = (): Promise<void> => scheduler.schedule(Promise.resolve());

  async function load(key: Item | 'list', fails: boolean, mayBeAbsent: boolean): Promise<Shown> {
    await turn();
    const shown: Shown = {};
    if (key === 'list') shown.list = versions.list;
    // Which rows the list shows changes with every write of the list.
    const rows = key === 'list' ? items.filter((_, index) => index !== versions.list % 3) : [key];
    for (const row of rows) {
      await turn();
      shown[row] = versions[row];
    }
    await turn();
    if (fails) throw new Error('a load fails, on purpose');
    if (mayBeAbsent && key !== 'list' && (shown[key] ?? 0) % 2 === 0) throw new Absence(shown);
    return shown;
  }

  return {
    turn,
    versions,
    async read(cache, key, fails, tier = 'acked', more = {}) {
      const expected = { ...(tier === 'strict' ? versions : floor) };
      const request = requestOf(key, tier, () => load(key, fails, more.negative !== undefined));
      const [how, shown] = await cache.read({ ...request, ...more }).then(
        ({ outcome, value }) => [`${outcome.kind} ${outcome.reason ?? ''}`, value] as const,
        (error: unknown) => ['absence', error instanceof Absence ? error.shown : {}] as const,
      );
      for (const [tag, version] of Object.entries(shown)) {
        const least = expected[tag as Tag];
        if (version >= least) continue;
        throw new Error(`${how} of ${key} shows ${tag} at ${version}, ${least} was there before`);
      }
    },
    commit: (tag) => void (versions[tag] += 1),
    async write(tag, spoil) {
      await turn();
      const committed = ++versions[tag];
      await spoil([tag]);
      floor[tag] = Math.max(floor[tag], committed);
    },
  };
}

/** There is no such row, as of the version it knows. */
export class Absence extends Error {
  override readonly name = 'Absence';
  readonly shown: Shown;

  constructor(shown: Shown) {
    super('there is none');
    this.shown = shown;
  }
}

function requestOf(key: Item | 'list', tier: Tier, load: () => Promise<Shown>): ReadRequest<Shown> {
  const found = (shown: Shown): readonly string[] => Object.keys(shown);
  return { type: 'row', key, tags: [key], tier, ttlMs: 60_000, load, tagsFound: found };
}

/** `store` as seen over a network: requests and replies each take their turn, and either may be lost. */
export interface RemoteStore extends Store {
  /** Breaks the connection: what is under way may or may not have arrived. */
  cut(): void;
  /** A new connection. */
  join(): void;
}

export function createRemoteStore(store: Store, turn: () => Promise<void>): RemoteStore {
  let link: StoreLink | undefined;
  let connected = true;
  const over = async <T>(command: () => Promise<T>): Promise<T> => {
    await turn();
    if (!connected) throw new CacheUnavailable('the request was lost');
    const reply = await command();
    await turn();
    if (!connected) throw new CacheUnavailable('the reply was lost');
    return reply;
  };
  return {
    ...store,
    connect: (to) => (link = to).up(),
    handshake: (occasion) => over(() => store.handshake(occasion)),
    look: (entryKey, tags) => over(() => store.look(entryKey, tags)),
    lookTags: (tags) => over(() => store.lookTags(tags)),
    put: (entryKey, entry, ttlMs) => over(() => store.put(entryKey, entry, ttlMs)),
    leases: {
      claim: (...given) => over(() => store.leases.claim(...given)),
      standing: (entryKey) => over(() => store.leases.standing(entryKey)),
      release: (...given) => over(() => store.leases.release(...given)),
    },
    bump: (tags) => over(() => store.bump(tags)),
    begin: (token, tags) => over(() => store.begin(token, tags)),
    end: (token, outcome, tags) => over(() => store.end(token, outcome, tags)),
    openIntents: (olderThanMs, limit) => over(() => store.openIntents(olderThanMs, limit)),
    lift: (generation) => over(() => store.lift(generation)),
    renew: () => over(() => store.renew()),
    ping: () => over(() => store.ping()),
    cut() {
      if (!connected) return;
      connected = false;
      link?.down(new CacheUnavailable('the connection closed'));
    },
    join() {
      if (connected) return;
      connected = true;
      link?.up();
    },
  };
}
