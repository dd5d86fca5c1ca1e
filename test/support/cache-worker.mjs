import { Redis } from 'ioredis';
import { createCache, createRedisStore } from '../../dist/cache/index.js';

/**
 * A process with a cache of its own, told by its parent what to read. Every load is counted in Redis and waits until the
 * parent says how it ends, unless it said so before.
 */
const { url, prefix, options } = JSON.parse(process.argv[2] ?? '{}');
const redis = new Redis(url);
const cache = createCache({ store: createRedisStore({ url, prefix, quarantineMs: 0 }), prefix, ...options });
/** The loads that wait, and how those end that need not. */
const ends = new Map();
const known = new Map();

async function load(key) {
  await redis.incr(`${prefix}:loads:${key}`);
  const end = known.get(key) ?? new Promise((resolve) => ends.set(key, resolve));
  process.send({ kind: 'loading', key });
  const { value, fails } = await end;
  if (fails) throw new Error(value);
  return value;
}

function read(key) {
  return cache
    .read({ type: key, key, tags: [key], tier: 'strict', ttlMs: 60_000, load: () => load(key) })
    .then(({ value, outcome }) => ({ value, kind: outcome.kind }))
    .catch((error) => ({ value: error.message, kind: 'error' }));
}

const commands = {
  read: ({ key, count }) => Promise.all(Array.from({ length: count }, () => read(key))),
  bump: ({ key }) => cache.bump([key]),
  end: async ({ key, value, fails = false }) => ends.get(key)?.({ value, fails }),
  endAll: async ({ key, value }) => void known.set(key, { value, fails: false }),
  health: () => cache.health(),
};

process.on('message', async ({ id, name, given }) => {
  process.send({ kind: 'answer', id, result: await commands[name](given) });
});
// The parent has gone.
process.on('disconnect', () => process.exit(0));
await cache.health();
process.send({ kind: 'ready' });
