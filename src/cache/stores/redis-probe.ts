import { CacheUnavailable } from '../store.js';
import { controlKeys } from './redis-keys.js';
import { createRedisLink } from './redis-link.js';

export interface RedisProbeOptions {
  readonly url: string;
  readonly prefix: string;
  /** Milliseconds. Default 2000. */
  readonly timeoutMs?: number;
}

/** What an operator wants to know of the server that has the control keys. */
export interface RedisFacts {
  readonly version: string;
  readonly role: string;
  readonly evictionPolicy: string;
  /** Bytes; 0: no limit. */
  readonly maxMemoryBytes: number;
  /** Its clock, wall-clock milliseconds. */
  readonly nowMs: number;
  /** One round trip, milliseconds. */
  readonly latencyMs: number;
}

/** Looks at a Redis without changing anything in it. @throws CacheUnavailable, RedisUrlInvalid */
export async function probeRedis({ url, prefix, timeoutMs = 2000 }: RedisProbeOptions): Promise<RedisFacts> {
  const keys = controlKeys(prefix);
  const link = createRedisLink({ url, keys, commandTimeoutMs: timeoutMs, reconnectMsMax: timeoutMs, beatMs: 0 });
  try {
    await link.bounded(new Promise<void>((up, down) => link.connect({ up, down })));
    const startedMs = performance.now();
    const [seconds, microseconds] = await link.bounded(link.redis.time());
    const latencyMs = performance.now() - startedMs;
    const field = fieldsOf(await link.bounded(link.redis.info()));
    return {
      version: field('redis_version'),
      role: field('role'),
      evictionPolicy: field('maxmemory_policy'),
      maxMemoryBytes: Number(field('maxmemory')),
      nowMs: Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000),
      latencyMs,
    };
  } finally {
    await link.close().catch(alreadyGone);
  }
}

/** A connection that cannot be closed is closed. */
function alreadyGone(error: unknown): void {
  if (!(error instanceof CacheUnavailable)) throw error;
}

function fieldsOf(info: string): (name: string) => string {
  return (name) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
}
