import { CacheUnavailable } from '../store.js';
import type { Store } from '../store.js';

/** Keeps nothing: every read goes to its load with reason `disabled`, and every bump and every announced write succeeds, as nothing can be stale. */
export function createNullStore(): Store {
  return {
    kind: 'null',
    connect: (link) => link.up(),
    handshake: async () => ({}),
    look: nothingHere,
    lookTags: nothingHere,
    put: nothingHere,
    scan: async () => [],
    unlink: async () => 0,
    inspect: async () => [],
    bump: async () => 0,
    begin: async () => 'begun',
    end: async () => ({ seq: 0, wasOpen: false }),
    openIntents: async () => [],
    history: async () => [],
    lift: async () => {},
    renew: async () => {},
    ping: async () => {},
    close: async () => {},
  };
}

async function nothingHere(): Promise<never> {
  throw new CacheUnavailable('the cache is disabled');
}
