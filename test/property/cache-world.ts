import type { Scheduler } from 'fast-check';
import { CacheUnavailable } from '../../src/cache/index.js';
import type { Cache, ReadRequest, Store, StoreLink } from '../../src/cache/index.js';

export const items = ['a', 'b', 'c'] as const;
export type Item = (typeof items)[number];
export type Tag = Item | 'list';
/** The version of each row a read shows. */
export type Shown = Partial<Record<Tag, number>>;
export type Versions = Readonly<Record<Tag, number>>;

/**
 * A database of four rows that only count their writes, and what readers may expect of it: the version of each row whose
 * write had been answered, or, of strict readers, had been committed. Every step of a load and of the store waits for the
 * scheduler's turn.
 */
export interface World {
  readonly turn: () => Promise<void>;
  /** The versions that are in the database now. */
  readonly versions: Versions;
  /** Those whose writes have been answered. */
  readonly answered: Versions;
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
  /** @throws Error when the answer to a request like this shows a row older than expected */
  readAtLeast(expected: Versions, cache: Cache, key: Item | 'list', how: How): Promise<void>;
  /** Makes a new version of a row, in one step. */
  commit(tag: Tag): void;
  /** Commits, then bumps. @param spoil what the writer does before it answers */
  write(tag: Tag, spoil: (tags: readonly Tag[]) => Promise<void>): Promise<void>;
  /** Answers what was committed before, by whomever and told or not. @param spoil what is done before the answer */
  replay(tag: Tag, spoil: (tags: readonly Tag[]) => Promise<void>): Promise<void>;
}

/** What a read asks for beside its key. */
export type How = Pick<ReadRequest<Shown>, 'tier'> &
  Partial<Omit<ReadRequest<Shown>, 'type' | 'key' | 'tags' | 'load' | 'tagsFound'>> & { readonly fails?: boolean };

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

  const world: World = {
    turn,
    versions,
    answered: floor,
    read: (cache, key, fails, tier = 'acked', more = {}) =>
      world.readAtLeast({ ...(tier === 'strict' ? versions : floor) }, cache, key, { ...more, tier, fails }),
    async readAtLeast(expected, cache, key, { fails = false, ...how }) {
      const request = requestOf(key, how, () => load(key, fails, how.negative !== undefined));
      const [what, shown] = await cache.read(request).then(
        ({ outcome, value }) => [`${outcome.kind} ${outcome.reason ?? ''}`, value] as const,
        (error: unknown) => ['absence', error instanceof Absence ? error.shown : {}] as const,
      );
      for (const [tag, version] of Object.entries(shown)) {
        const least = expected[tag as Tag];
        if (version >= least) continue;
        throw new Error(`${what} of ${key} shows ${tag} at ${version}, ${least} was there before`);
      }
    },
    commit: (tag) => void (versions[tag] += 1),
    async write(tag, spoil) {
      await turn();
      const committed = ++versions[tag];
      await spoil([tag]);
      floor[tag] = Math.max(floor[tag], committed);
    },
    async replay(tag, spoil) {
      await turn();
      const committed = versions[tag];
      await spoil([tag]);
      floor[tag] = Math.max(floor[tag], committed);
    },
  };
  return world;
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

function requestOf(key: Item | 'list', how: Omit<How, 'fails'>, load: () => Promise<Shown>): ReadRequest<Shown> {
  const found = (shown: Shown): readonly string[] => Object.keys(shown);
  return { type: 'row', key, tags: [key], ttlMs: 60_000, load, tagsFound: found, ...how };
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
