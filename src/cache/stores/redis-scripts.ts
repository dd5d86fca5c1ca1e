/**
 * KEYS g q hold seq · ARGV new generation, server identity, hold ms when absent, hold ms when restarted, force ('1' begins
 * a new generation whatever is found)
 * Returns `same`, `absent`, `restarted` or `cleared`, and the present generation. `q` remembers which server process the generation belongs to: a
 * server that came back from a dump has the old generation, old entries and older tags, and a tag older than its
 * entry's truth would make a stale entry valid. `seq` never starts over under a living generation. A `?` before the
 * generation is its fence.
 */
export const generationScript = `
local g = redis.call('GET', KEYS[1])
local known = redis.call('HGET', KEYS[2], 'server')
local clock = redis.call('EXISTS', KEYS[4])
local why = 'same'
if ARGV[5] == '1' then why = 'cleared'
elseif not g or clock == 0 then why = 'absent'
elseif known ~= ARGV[2] then why = 'restarted' end
if why == 'same' then return { why, g } end
redis.call('SET', KEYS[4], '1', 'NX')
local fenced = why ~= 'cleared' or (g and string.sub(g, 1, 1) == '?')
local new = (fenced and '?' or '') .. ARGV[1]
redis.call('SET', KEYS[1], new)
if why == 'cleared' then return { why, new } end
redis.call('HSET', KEYS[2], 'server', ARGV[2])
local hold = ARGV[why == 'absent' and 3 or 4]
if tonumber(hold) > 0 then redis.call('SET', KEYS[3], '1', 'PX', hold) end
return { why, new }`;

/** KEYS g · ARGV generation */
export const liftScript = `
if redis.call('GET', KEYS[1]) == '?' .. ARGV[1] then redis.call('SET', KEYS[1], ARGV[1]) end`;

/**
 * A tag is `seq`, or `seq|open` while writes of it are announced. What cannot be read is moved to the present, so that no
 * entry survives it.
 */
const tagFunctions = `
local function tick()
  if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('DEL', KEYS[1]) end
  return redis.call('INCR', KEYS[2])
end
local function change(key, seq, by)
  local text = redis.call('GET', key) or '0'
  local s, n = string.match(text, '^(%d+)|?(%d*)$')
  n = math.max((tonumber(n) or 0) + by, 0)
  s = seq or s or tick()
  redis.call('SET', key, n > 0 and (s .. '|' .. n) or s)
end`;

/**
 * KEYS g seq tag… · Advances the clock once and moves every tag to it; a tag's count of announced writes stays. Returns the
 * new seq and the generation, empty when it is gone. A clock that is gone while the generation lives (evicted, deleted by hand) would start below the entries, so the generation
 * goes too.
 */
export const bumpScript = `${tagFunctions}
local s = tick()
for i = 3, #KEYS do change(KEYS[i], s, 0) end
return { s, redis.call('GET', KEYS[1]) or '' }`;

/**
 * KEYS g seq intents intent tag… · ARGV token
 * Returns 1, or 0 without a generation or its clock. The set of an intent names the tag keys it has counted, so a repeated
 * announcement counts nothing twice.
 */
export const beginScript = `${tagFunctions}
if redis.call('EXISTS', KEYS[1], KEYS[2]) < 2 then return 0 end
local now = redis.call('TIME')
redis.call('ZADD', KEYS[3], 'NX', now[1] * 1000 + math.floor(now[2] / 1000), ARGV[1])
for i = 5, #KEYS do
  if redis.call('SADD', KEYS[4], KEYS[i]) == 1 then change(KEYS[i], nil, 1) end
end
return 1`;

/**
 * KEYS g seq intents intent tag… · ARGV token, '1' when committed
 * Returns the new seq (0 when rolled back), whether the intent was open, and the generation, empty when it is gone. Tags of the intent stand under the same hash
 * tag as the keys named.
 */
export const endScript = `${tagFunctions}
local s = ARGV[2] == '1' and tick() or nil
local counted = {}
for _, key in ipairs(redis.call('SMEMBERS', KEYS[4])) do
  counted[key] = true
  change(key, s, -1)
end
if s then
  for i = 5, #KEYS do
    if not counted[KEYS[i]] then change(KEYS[i], s, 0) end
  end
end
redis.call('DEL', KEYS[4])
return { s or 0, redis.call('ZREM', KEYS[3], ARGV[1]), redis.call('GET', KEYS[1]) or '' }`;

/** KEYS intents · ARGV age in ms, limit · Returns token, age in ms, token, age in ms, … oldest first. */
export const openIntentsScript = `
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ms - ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 2, #found, 2 do found[i] = math.floor(ms - tonumber(found[i])) end
return found`;
