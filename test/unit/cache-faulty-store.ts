import { CacheUnavailable, createMemoryStore } from '../../src/cache/index.js';
import type { Store, StoreLink } from '../../src/cache/index.js';

/** A memory store whose connection the test breaks and mends. */
export interface FaultyStore extends Store {
  /** Every command fails from here on. */
  fail(): void;
  /** Commands work again; the engine finds out by itself. */
  mend(): void;
  /** Reports a closed connection. */
  drop(): void;
  /** How often each command was sent. */
  readonly sent: Record<'look' | 'bump' | 'begin' | 'end' | 'handshake' | 'ping' | 'put' | 'renew', number>;
}

export function createFaultyStore(inner: Store = createMemoryStore()): FaultyStore {
  const sent = { look: 0, bump: 0, begin: 0, end: 0, handshake: 0, ping: 0, put: 0, renew: 0 };
  let broken = false;
  let link: StoreLink | undefined;
  const through = async <T>(name: keyof typeof sent, command: () => Promise<T>): Promise<T> => {
    sent[name] += 1;
    if (broken) throw new CacheUnavailable('broken by the test');
    return command();
  };
  return {
    ...inner,
    sent,
    connect(to) {
      link = to;
      inner.connect(to);
    },
    look: (entryKey, tags) => through('look', () => inner.look(entryKey, tags)),
    lookTags: (tags) => through('look', () => inner.lookTags(tags)),
    bump: (tags) => through('bump', () => inner.bump(tags)),
    begin: (token, tags) => through('begin', () => inner.begin(token, tags)),
    end: (token, outcome, tags) => through('end', () => inner.end(token, outcome, tags)),
    handshake: (occasion) => through('handshake', () => inner.handshake(occasion)),
    put: (entryKey, entry, ttlMs) => through('put', () => inner.put(entryKey, entry, ttlMs)),
    renew: () => through('renew', () => inner.renew()),
    ping: () => through('ping', () => inner.ping()),
    fail: () => void (broken = true),
    mend: () => void (broken = false),
    drop: () => link?.down(new CacheUnavailable('dropped by the test')),
  };
}
