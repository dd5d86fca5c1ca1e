import { randomUUID } from 'node:crypto';
import type { BumpRecord, Control, Handshake, Look, Occasion, Store, TagState } from '../store.js';
import { createRedisEntries } from './redis-entries.js';
import { createRedisIntents } from './redis-intents.js';
import { controlKeys, generationIn, writingKeys } from './redis-keys.js';
import type { ControlKeys } from './redis-keys.js';
import { createRedisLeases } from './redis-lease.js';
import { createRedisLink } from './redis-link.js';
import type { RedisLink } from './redis-link.js';
import { gatherLooks } from './redis-looks.js';
import { boundsOf, bumpScript, generationScript, liftScript } from './redis-scripts.js';

export interface RedisStoreOptions {
  /**
   * `redis://[user:password@]host[:6379][/db]` for one server, `redis-cluster://[user:password@]host:port,host:port` for a
   * cluster (some of its nodes; the others are found), `redis-sentinel://[user:password@]host:port,host:port/primary-name[/db]`
   * for a primary that sentinels watch; `rediss` instead of `redis` for TLS.
   */
  readonly url: string;
  /** Of the control keys, shared by every process that must hear of each other's bumps. No braces. */
  readonly prefix: string;
  /** No command waits longer, milliseconds. Default 1000. */
  readonly commandTimeoutMs?: number;
  /** How long nothing is a hit after the server's state was lost: longer than any process takes to reconnect. Default 5000. */
  readonly quarantineMs?: number;
  /** Upper bound of the pause between two attempts to connect, milliseconds. Default 500. */
  readonly reconnectMsMax?: number;
  /**
   * How often a write is tried, so that a primary that was demoted or cut off and refuses writes is noticed by processes that only
   * read; milliseconds, 0: never. Default 1000.
   */
  readonly beatMs?: number;
  /**
   * How many tags are remembered one by one. Default 1,000,000, about 250 MB. Forgetting the oldest never revives an entry; it
   * makes entries invalid that are older than the tags forgotten.
   */
  readonly tagsMax?: number;
  /** How long a tag is remembered after its last bump, milliseconds; at least as long as entries live. Default 7 days. */
  readonly tagAgeMsMax?: number;
}

/**
 * A store on Redis 6 or later, shared by any number of processes. Needs an eviction policy that cannot take keys without a
 * time to live (`volatile-lru`, `volatile-lfu` or `noeviction`). Connects in the background and keeps reconnecting.
 * @throws RedisUrlInvalid, RangeError for a prefix with braces
 */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { url, prefix, commandTimeoutMs = 1000, quarantineMs = 5000, reconnectMsMax = 500 } = options;
  const keys = controlKeys(prefix);
  const bare = createRedisLink({ url, keys, commandTimeoutMs, reconnectMsMax, beatMs: options.beatMs ?? 1000 });
  const link: RedisLink = { ...bare, mget: gatherLooks(bare.mget) };
  const bounds = { tagsMax: options.tagsMax ?? 1_000_000, tagAgeMsMax: options.tagAgeMsMax ?? 7 * 86_400_000 };
  return {
    kind: 'redis',
    readsApart: link.isCluster,
    connect: link.connect,
    handshake: (occasion) => handshake(link, keys, occasion, quarantineMs),
    look: (entryKey, tags) => look(link, keys, entryKey, tags),
    lookTags: (tags) => lookTags(link, keys, tags),
    put: link.entries.set,
    ...createRedisEntries(link.entries, keys.isControl),
    leases: createRedisLeases(link),
    bump: async (tags) => {
      const reply = await link.run(bumpScript, [...writingKeys(keys), ...tags.map(keys.tag)], boundsOf(bounds));
      const [seq, generation] = reply as [number, string];
      return { seq, generation: generationIn(generation) };
    },
    ...createRedisIntents(link, keys, bounds),
    history: async (limit) => {
      if (!(limit > 0)) return [];
      return (await link.bounded(link.redis.lrange(keys.log, 0, limit - 1))).flatMap(bumpedOf);
    },
    lift: async (generation) => {
      await link.run(liftScript, [keys.generation], [generation]);
    },
    renew: async () => {
      await evalGeneration(link, keys, '', { absent: 0, restarted: 0 }, true);
    },
    ping: link.ping,
    close: link.close,
  };
}

async function look(link: RedisLink, keys: ControlKeys, entryKey: string, tags: readonly string[]): Promise<Look> {
  const [entry, ...texts] = await link.mget([entryKey, ...controlOf(keys), ...tags.map(keys.tag)]);
  return { ...controlIn(texts), entry: entry ?? undefined };
}

async function lookTags(link: RedisLink, keys: ControlKeys, tags: readonly string[]): Promise<Control> {
  return controlIn(await link.mget([...controlOf(keys), ...tags.map(keys.tag)]));
}

function controlOf({ generation, hold, seq, floor }: ControlKeys): readonly string[] {
  return [generation, hold, seq, floor];
}

function controlIn([generation, hold, seq, floor, ...states]: readonly (string | null)[]): Control {
  return {
    ...openGeneration(generation, seq, floor),
    held: hold !== null,
    seq: Number(seq),
    tags: tagStates(states, floor),
  };
}

type Text = string | null | undefined;

/**
 * Without the clock or the floor the generation means nothing: entries of it may be ahead of the next bump, or older than a
 * tag that was forgotten.
 */
function openGeneration(text: Text, seq: Text, floor: Text): Pick<Look, 'generation' | 'fenced'> {
  if (!text || !seq || !/^\d+$/.test(floor ?? '')) return { generation: undefined, fenced: false };
  return { generation: generationIn(text), fenced: text.startsWith('?') };
}

/** @param floor read by the same command: between two, a tag could be forgotten under an older floor */
function tagStates(texts: readonly (string | null)[], floor: Text): readonly TagState[] {
  const forgotten = { seq: Number(floor), open: 0 };
  return texts.map((text) => (text === null ? forgotten : tagState(text)));
}

/** `seq` or `seq|announced`. What cannot be read counts as bumped after everything. */
function tagState(text: string): TagState {
  const bar = text.indexOf('|');
  const seq = Number(bar < 0 ? text : text.slice(0, bar));
  const open = bar < 0 ? 0 : Number(text.slice(bar + 1));
  return Number.isSafeInteger(seq) && Number.isSafeInteger(open)
    ? { seq, open }
    : { seq: Number.POSITIVE_INFINITY, open: 0 };
}

/** Undefined for what a script of ours has not written. */
function listIn(text: string): readonly unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** As `note` of the scripts writes it; what is not readable is left out, as nothing depends on it. */
function bumpedOf(text: string): readonly BumpRecord[] {
  const row = listIn(text);
  if (!row) return [];
  const [seq, atMs, token, count, ...tags] = row as [number, number, string | false, number, ...string[]];
  return [{ seq, atMs, ...(token === false ? {} : { token }), tags, more: count - tags.length }];
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
  const [found, present] = await evalGeneration(link, keys, server, lengths);
  const { generation, fenced } = openGeneration(present, '1', '0');
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

async function evalGeneration(
  { run }: RedisLink,
  keys: ControlKeys,
  server: string,
  holdMs: { readonly absent: number; readonly restarted: number },
  force = false,
): Promise<readonly [why: string, generation: string]> {
  const touched = [keys.generation, keys.server, keys.hold, keys.seq, keys.floor];
  const given = [randomUUID(), server, Math.ceil(holdMs.absent), Math.ceil(holdMs.restarted), force ? '1' : '0'];
  return (await run(generationScript, touched, given)) as [string, string];
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  const fields = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(fields.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}
