import type { Store } from '../store.js';
import type { OpenIntent } from '../types.js';
import { writingKeys } from './redis-keys.js';
import type { ControlKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import { beginScript, boundsOf, endScript, openIntentsScript } from './redis-scripts.js';
import type { TagBounds } from './redis-scripts.js';

type Intents = Pick<Store, 'begin' | 'end' | 'openIntents'>;

/** Announced writes, each in one step on the server and one round trip. */
export function createRedisIntents({ run }: RedisLink, keys: ControlKeys, bounds: TagBounds): Intents {
  const touched = (token: string, tags: readonly string[]): readonly string[] => [
    ...writingKeys(keys),
    keys.intents,
    keys.intent(token),
    ...tags.map(keys.tag),
  ];
  return {
    async begin(token, tags) {
      const begun = await run(beginScript, touched(token, tags), [...boundsOf(bounds), token]);
      return begun === 1 ? 'begun' : 'no-generation';
    },
    async end(token, outcome, tags) {
      const committed = outcome === 'committed' ? '1' : '0';
      const reply = await run(endScript, touched(token, tags), [...boundsOf(bounds), token, committed]);
      const [seq, wasOpen] = reply as [number, number];
      return { seq, wasOpen: wasOpen === 1 };
    },
    async openIntents(olderThanMs, limit) {
      const reply = await run(openIntentsScript, [keys.intents], [Math.ceil(olderThanMs), limit]);
      return pairsOf(reply as readonly (string | number)[]);
    },
  };
}

function pairsOf(flat: readonly (string | number)[]): readonly OpenIntent[] {
  return flat.flatMap((token, index) =>
    index % 2 === 0 ? [{ token: String(token), ageMs: Number(flat[index + 1]) }] : [],
  );
}
