import { probeRedis } from '../cache/index.js';
import type { Config } from '../config/index.js';
import { examineClock } from './clock.check.js';
import { fail, ok, warn, type Finding } from './finding.js';

/** The oldest major version whose commands the scripts use. */
const oldestMajor = 6;

/** One Redis that the configuration names. */
interface Place {
  /** What the findings are called. */
  readonly check: string;
  readonly variable: string;
  readonly url: string;
}

export async function examineRedis(config: Config, now: () => number): Promise<readonly Finding[]> {
  const { redis, cache } = config;
  const findings = await Promise.all(placesOf(config).map((place) => examinePlace(place, cache, now)));
  if (redis || !cache.isEnabled) return findings.length > 0 ? findings.flat() : [switchedOff];
  return [ok('cache', 'in the memory of the one server process; several processes need REDIS_URL'), ...findings.flat()];
}

const switchedOff = warn('cache', 'switched off', 'Set CACHE_ENABLED=True to cache at all.');

/** Every Redis once, whatever the number of aliases in it. */
function placesOf({ redis, cache }: Config): readonly Place[] {
  const own = Object.entries(cache.aliases).flatMap(([alias, { redis: given }]): Place[] => {
    const variable = `CACHE_ALIAS_${alias.toUpperCase()}_REDIS_URL`;
    return given ? [{ check: `redis of ${alias}`, variable, url: given.url }] : [];
  });
  const all = [...(redis ? [{ check: 'redis', variable: 'REDIS_URL', url: redis.url }] : []), ...own];
  return all.filter(({ url }, index) => all.findIndex((other) => other.url === url) === index);
}

async function examinePlace(
  { check, variable, url }: Place,
  { keyPrefix, redisTimeoutMs }: Config['cache'],
  now: () => number,
): Promise<readonly Finding[]> {
  try {
    const facts = await probeRedis({ url, prefix: keyPrefix, timeoutMs: redisTimeoutMs });
    return [
      examineVersion(check, facts.version),
      examinePolicy(`${check} eviction`, facts.evictionPolicy, facts.maxMemoryBytes),
      examineRole(`${check} role`, facts.role, variable),
      examineClock(`${check} clock`, facts.nowMs, now()),
      ok(`${check} latency`, `${facts.latencyMs.toFixed(1)} ms a round trip`),
    ];
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [fail(check, detail, `Start Redis, or correct ${variable}; until then every read goes to the database.`)];
  }
}

function examineVersion(check: string, version: string): Finding {
  if (Number.parseInt(version, 10) >= oldestMajor) return ok(check, `version ${version}`);
  return fail(check, `version ${version}`, `Use Redis ${oldestMajor} or later.`);
}

function examinePolicy(check: string, policy: string, maxMemoryBytes: number): Finding {
  const limit = maxMemoryBytes === 0 ? 'no memory limit' : `at most ${Math.round(maxMemoryBytes / 2 ** 20)} MiB`;
  const detail = `${policy}, ${limit}`;
  if (maxMemoryBytes > 0 && policy.startsWith('allkeys-'))
    return fail(
      check,
      detail,
      'Set maxmemory-policy volatile-lru: this one may drop invalidation records, so strict types are not cached.',
    );
  if (maxMemoryBytes === 0)
    return warn(check, detail, 'Set maxmemory, and maxmemory-policy volatile-lru, so that entries leave first.');
  return ok(check, detail);
}

function examineRole(check: string, role: string, variable: string): Finding {
  if (role === 'master') return ok(check, 'primary');
  return fail(check, role, `Name the primary in ${variable}: a replica takes no invalidations.`);
}
