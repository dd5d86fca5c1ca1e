import { probeRedis } from '../cache/index.js';
import type { Config } from '../config/index.js';
import { examineClock } from './clock.check.js';
import { fail, ok, warn, type Finding } from './finding.js';

/** The oldest major version whose commands the scripts use. */
const oldestMajor = 6;

export async function examineRedis({ redis, cache }: Config, now: () => number): Promise<readonly Finding[]> {
  if (!redis) {
    if (!cache.isEnabled) return [warn('cache', 'switched off', 'Set CACHE_ENABLED=True to cache at all.')];
    return [ok('cache', 'in the memory of the one server process; several processes need REDIS_URL')];
  }
  try {
    const facts = await probeRedis({ url: redis.url, prefix: cache.keyPrefix, timeoutMs: cache.redisTimeoutMs });
    return [
      examineVersion(facts.version),
      examinePolicy(facts.evictionPolicy, facts.maxMemoryBytes),
      examineRole(facts.role),
      examineClock('redis clock', facts.nowMs, now()),
      ok('redis latency', `${facts.latencyMs.toFixed(1)} ms a round trip`),
    ];
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [fail('redis', detail, 'Start Redis, or correct REDIS_URL; until then every read goes to the database.')];
  }
}

function examineVersion(version: string): Finding {
  if (Number.parseInt(version, 10) >= oldestMajor) return ok('redis', `version ${version}`);
  return fail('redis', `version ${version}`, `Use Redis ${oldestMajor} or later.`);
}

function examinePolicy(policy: string, maxMemoryBytes: number): Finding {
  const limit = maxMemoryBytes === 0 ? 'no memory limit' : `at most ${Math.round(maxMemoryBytes / 2 ** 20)} MiB`;
  const detail = `${policy}, ${limit}`;
  if (maxMemoryBytes > 0 && policy.startsWith('allkeys-'))
    return fail(
      'redis eviction',
      detail,
      'Set maxmemory-policy volatile-lru: this one may drop invalidation records, so strict types are not cached.',
    );
  if (maxMemoryBytes === 0)
    return warn(
      'redis eviction',
      detail,
      'Set maxmemory, and maxmemory-policy volatile-lru, so that entries leave first.',
    );
  return ok('redis eviction', detail);
}

function examineRole(role: string): Finding {
  if (role === 'master') return ok('redis role', 'primary');
  return fail('redis role', role, 'Name the primary in REDIS_URL: a replica takes no invalidations.');
}
