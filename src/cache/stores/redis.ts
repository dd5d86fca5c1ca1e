import { randomUUID } from 'node:crypto';
import { CacheUnavailable, EntryRefused } from '../store.js';
import type { Handshake, Look, Occasion, Store, TagState } from '../store.js';
import { createRedisEntries } from './redis-entries.js';
import { createRedisIntents } from './redis-intents.js';
import { controlKeys } from './redis-keys.js';
import type { ControlKeys } from './redis-keys.js';
import { createRedisLink } from './redis-link.js';
import type { RedisLink } from './redis-link.js';
import { bumpScript, generationScript, liftScript } from './redis-scripts.js';

export interface RedisStoreOptions {
  /** `redis://` or `rediss://`, with user, password and database number when needed. */
  readonly url: string;
  /** Of the control keys, shared by every process that must hear of each other's bumps. */
  readonly prefix: string;
  /** No command waits longer, milliseconds. Default 1000. */
  readonly commandTimeoutMs?: number;
  /** How long nothing is a hit after the server's state was lost: longer than any process takes to reconnect. Default 5000. */
  readonly quarantineMs?: number;
  /** Upper bound of the pause between two attempts to connect, milliseconds. Default 500. */
  readonly reconnectMsMax?: number;
}

/**
 * A store on one Redis primary (6 or later), shared by any number of processes. Needs an eviction policy that cannot
 * take keys without a time to live (`noeviction` or `volatile-*`). Connects in the background and keeps reconnecting.
 */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { url, prefix, commandTimeoutMs = 1000, quarantineMs = 5000, reconnectMsMax = 500 } = options;
  const link = createRedisLink({ url, commandTimeoutMs, reconnectMsMax });
  const { redis, bounded } = link;
  const keys = controlKeys(prefix);
  return {
    kind: 'redis',
    connect: link.connect,
    handshake: (occasion) => handshake(link, keys, occasion, quarantineMs),
    look: (entryKey, tags) => look(link, keys, entryKey, tags),
    lookTags: async (tags) => {
      const [text, seq, ...states] = await link.mget([keys.generation, keys.seq, ...tags.map(keys.tag)]);
      return { generation: openGeneration(text, seq).generation, tags: states.map(tagState) };
    },
    put: (entryKey, entry, ttlMs) => put(link, entryKey, entry, ttlMs),
    ...createRedisEntries(link, keys.isControl),
    bump: async (tags) => {
      const touched = [keys.generation, keys.seq, ...tags.map(keys.tag)];
      return Number(await bounded(redis.eval(bumpScript, touched.length, ...touched)));
    },
    ...createRedisIntents(link, keys),
    lift: async (generation) => {
      await bounded(redis.eval(liftScript, 1, keys.generation, generation));
    },
    renew: async () => {
      await bounded(evalGeneration(link, keys, '', { absent: 0, restarted: 0 }, true));
    },
    ping: link.ping,
    close: link.close,
  };
}

async function look(link: RedisLink, keys: ControlKeys, entryKey: string, tags: readonly string[]): Promise<Look> {
  const asked = [keys.generation, keys.hold, keys.seq, entryKey, ...tags.map(keys.tag)];
  const [generation, hold, seq, entry, ...states] = await link.mget(asked);
  return {
    ...openGeneration(generation, seq),
    held: hold !== null,
    seq: Number(seq),
    entry: entry ?? undefined,
    tags: states.map(tagState),
  };
}

/** A `?` in front is the fence. Without the clock the generation means nothing: entries of it may be ahead of the next bump. */
function openGeneration(text: string | null | undefined, seq: unknown): Pick<Look, 'generation' | 'fenced'> {
  if (!text || !seq) return { generation: undefined, fenced: false };
  return text.startsWith('?') ? { generation: text.slice(1), fenced: true } : { generation: text, fenced: false };
}

/** `seq` or `seq|announced`. What cannot be read counts as bumped after everything. */
function tagState(text: string | null): TagState {
  if (text === null) return { seq: 0, open: 0 };
  const bar = text.indexOf('|');
  const seq = Number(bar < 0 ? text : text.slice(0, bar));
  const open = bar < 0 ? 0 : Number(text.slice(bar + 1));
  return Number.isSafeInteger(seq) && Number.isSafeInteger(open)
    ? { seq, open }
    : { seq: Number.POSITIVE_INFINITY, open: 0 };
}

/** A server that is well and says no (out of memory) refuses this entry only; silence or a lost connection is more. */
async function put(link: RedisLink, entryKey: string, entry: string, ttlMs: number): Promise<void> {
  try {
    await link.bounded(link.redis.set(entryKey, entry, 'PX', Math.ceil(ttlMs)));
  } catch (error) {
    const cause = error instanceof CacheUnavailable ? error.cause : error;
    if (cause instanceof Error && cause.name === 'ReplyError') throw new EntryRefused(cause.message, { cause });
    throw error;
  }
}

async function handshake(
  link: RedisLink,
  keys: ControlKeys,
  occasion: Occasion,
  quarantineMs: number,
): Promise<Handshake> {
  const info = parseInfo(await link.bounded(link.redis.info()));
  const server = `${info.get('master_replid') ?? ''} ${info.get('run_id') ?? ''}`;
  // A new connection that finds nothing: whoever knew an earlier server has found this one again while it has been up.
  const upMs = occasion === 'connected' ? Number(info.get('uptime_in_seconds') ?? 0) * 1000 : 0;
  const holdMs = Math.max(0, quarantineMs - upMs);
  const lengths = { absent: holdMs, restarted: quarantineMs };
  const [found, present] = await link.bounded(evalGeneration(link, keys, server, lengths));
  const { generation, fenced } = openGeneration(present, 1);
  const policy = info.get('maxmemory_policy') ?? '';
  const mayEvict = info.get('maxmemory') !== '0' && policy.startsWith('allkeys-');
  return {
    ...(found === 'absent' || found === 'restarted'
      ? { renewed: { reason: found, holdMs: found === 'absent' ? holdMs : quarantineMs } }
      : {}),
    ...(fenced && generation !== undefined ? { fenced: generation } : {}),
    ...(mayEvict ? { unsafeEviction: policy } : {}),
  };
}

function evalGeneration(
  { redis }: RedisLink,
  keys: ControlKeys,
  server: string,
  holdMs: { readonly absent: number; readonly restarted: number },
  force = false,
): Promise<readonly [why: string, generation: string]> {
  const touched = [keys.generation, keys.server, keys.hold, keys.seq];
  const given = [randomUUID(), server, Math.ceil(holdMs.absent), Math.ceil(holdMs.restarted), force ? '1' : '0'];
  return redis.eval(generationScript, touched.length, ...touched, ...given) as Promise<[string, string]>;
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  const fields = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(fields.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}
