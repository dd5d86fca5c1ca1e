/**
 * KEYS g q hold seq floor · ARGV new generation, server identity, hold ms when absent, hold ms when restarted, force ('1' begins
 * a new generation whatever is found)
 * Returns `same`, `absent`, `restarted` or `cleared`, and the present generation. `q` remembers which server process the generation belongs to: a
 * server that came back from a dump has the old generation, old entries and older tags, and a tag older than its
 * entry's truth would make a stale entry valid. It writes in any case: a server that takes no writes (a replica, a primary that lost
 * its replicas, one without memory) would take no bumps either, and is not to be trusted. `seq` never starts over under a living generation. A `?` before the
 * generation is its fence. Entries of a new generation are all younger than the present clock, so the floor may stand
 * there: what tags did before concerns nobody any more. A forced one over a lost state begins nothing: it would hide from
 * everybody that announcements were lost. Whoever asks next finds no generation, and makes the one that is held and fenced.
 */
export const generationScript = `
redis.call('HSET', KEYS[2], 'beat', '1')
local g = redis.call('GET', KEYS[1])
local known = redis.call('HGET', KEYS[2], 'server')
local clock = redis.call('EXISTS', KEYS[4])
local floor = string.match(redis.call('GET', KEYS[5]) or '', '^%d+$')
local lost = not g or clock == 0 or not floor
local why = 'same'
if ARGV[5] == '1' and lost then
  redis.call('DEL', KEYS[1])
  return { 'absent', '' }
elseif ARGV[5] == '1' then why = 'cleared'
elseif lost then why = 'absent'
elseif known ~= ARGV[2] then why = 'restarted' end
if why == 'same' then return { why, g } end
redis.call('SET', KEYS[4], '1', 'NX')
redis.call('SET', KEYS[5], redis.call('GET', KEYS[4]))
local fenced = why ~= 'cleared' or string.sub(g, 1, 1) == '?'
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

/** How many tags are remembered one by one, and for how many milliseconds after their last bump. */
export interface TagBounds {
  readonly tagsMax: number;
  readonly tagAgeMsMax: number;
}

export function boundsOf({ tagsMax, tagAgeMsMax }: TagBounds): readonly [number, number] {
  return [tagsMax, tagAgeMsMax];
}

/** How many bumps the log keeps, and how many tags it names of each. */
export const logLimits = { bumps: 1000, tags: 20 } as const;

/**
 * KEYS 1-6 of every script that moves tags: g seq floor tags log marks. ARGV 1-2: how many tags are kept, and for how many ms.
 *
 * A tag is `seq`, or `seq|open` while writes of it are announced; without a key it is at the floor. What cannot be read is
 * moved to the present, so that no entry survives it.
 *
 * `collect` forgets the tags bumped longest ago, when there are too many or when they are older than any entry lives. The
 * floor is raised first, to the youngest that is forgotten: an entry that such a tag made invalid has s0 < seq(tag) <= floor,
 * so it stays invalid. It is only too strict: an entry from before the floor with a tag never bumped is invalid too. A tag
 * with announced writes is left, and comes back into the index with their end. Each call forgets at least as many tags as it
 * moves and at most about twice as many: a bump stays O(its tags), and the number of tags bounded. Clocks decide only how soon, never what
 * is valid.
 */
const writing = `
local base = string.sub(KEYS[1], 1, -2)
local function tick()
  if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('DEL', KEYS[1]) end
  return redis.call('INCR', KEYS[2])
end
local function change(key, seq, by)
  local text, s, n = redis.call('GET', key)
  if text then s, n = string.match(text, '^(%d+)|?(%d*)$') else s = string.match(redis.call('GET', KEYS[3]) or '', '^%d+$') end
  n = math.max((tonumber(n) or 0) + by, 0)
  s = seq or s or tick()
  redis.call('SET', key, n > 0 and (s .. '|' .. n) or s)
  redis.call('ZADD', KEYS[4], s, string.sub(key, #base + 3))
end
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function note(s, ms, token, count, first, last, key)
  local names = {}
  for i = first, last do
    if #names == ${logLimits.tags} then break end
    names[#names + 1] = string.sub(key(i), #base + 3)
  end
  redis.call('LPUSH', KEYS[5], cjson.encode({ s, ms, token, count, unpack(names) }))
  redis.call('LTRIM', KEYS[5], 0, ${logLimits.bumps - 1})
end
local function forget(upTo, most)
  local stands = tonumber(string.match(redis.call('GET', KEYS[3]) or '', '^%d+$'))
  if not stands then return 0 end
  local found = redis.call('ZRANGE', KEYS[4], 0, most - 1, 'WITHSCORES')
  local floor, keys, names = stands, {}, {}
  for i = 1, #found, 2 do
    local s = tonumber(found[i + 1])
    if upTo and s > upTo then break end
    floor = math.max(floor, s)
    names[#names + 1] = found[i]
    keys[#keys + 1] = base .. 't:' .. found[i]
  end
  if #keys == 0 then return 0 end
  redis.call('SET', KEYS[3], string.format('%.0f', floor))
  for i, text in ipairs(redis.call('MGET', unpack(keys))) do
    if text and not string.find(text, '|', 1, true) then redis.call('DEL', keys[i]) end
  end
  redis.call('ZREM', KEYS[4], unpack(names))
  return #keys
end
local function collect(s, ms, moved)
  local most = math.max(moved, math.min(2 * moved + 16, 1000))
  local keep, age = tonumber(ARGV[1]), tonumber(ARGV[2])
  local last = redis.call('LINDEX', KEYS[6], -1)
  if not last or ms - (string.match(last, '^%d+') or 0) >= age / 8 then redis.call('RPUSH', KEYS[6], ms .. ' ' .. s) end
  local at, seq = string.match(redis.call('LINDEX', KEYS[6], 0), '^(%d+) (%d+)$')
  if not at then redis.call('DEL', KEYS[6])
  elseif ms - at >= age then
    if forget(tonumber(seq), math.min(most, 1000)) < math.min(most, 1000) then redis.call('LPOP', KEYS[6]) end
  end
  local over = math.min(redis.call('ZCARD', KEYS[4]) - keep, most)
  while over > 0 do
    forget(nil, math.min(over, 1000))
    over = over - 1000
  end
end`;

/**
 * KEYS … tag… · Advances the clock once and moves every tag to it; a tag's count of announced writes stays. Returns the
 * new seq and the generation, empty when it is gone. A clock that is gone while the generation lives (evicted, deleted by hand) would start below the entries, so the generation
 * goes too.
 */
export const bumpScript = `${writing}
local s, ms = tick(), now()
for i = 7, #KEYS do change(KEYS[i], s, 0) end
note(s, ms, false, #KEYS - 6, 7, #KEYS, function (i) return KEYS[i] end)
collect(s, ms, #KEYS - 6)
return { s, redis.call('GET', KEYS[1]) or '' }`;

/**
 * KEYS … intents intent tag… · ARGV … token
 * Returns 1, or 0 without a generation, its clock or its floor. The set of an intent names the tag keys it has counted, so
 * a repeated announcement counts nothing twice.
 */
export const beginScript = `${writing}
if redis.call('EXISTS', KEYS[1], KEYS[2], KEYS[3]) < 3 then return 0 end
redis.call('ZADD', KEYS[7], 'NX', now(), ARGV[3])
for i = 9, #KEYS do
  if redis.call('SADD', KEYS[8], KEYS[i]) == 1 then change(KEYS[i], nil, 1) end
end
return 1`;

/**
 * KEYS … intents intent tag… · ARGV … token, '1' when committed
 * Returns the new seq (0 when rolled back), whether the intent was open, and the generation, empty when it is gone. Tags of the intent stand under the same hash
 * tag as the keys named.
 */
export const endScript = `${writing}
local s = ARGV[4] == '1' and tick() or nil
local counted, moved = {}, {}
for _, key in ipairs(redis.call('SMEMBERS', KEYS[8])) do
  counted[key] = true
  moved[#moved + 1] = key
  change(key, s, -1)
end
if s then
  for i = 9, #KEYS do
    if not counted[KEYS[i]] then
      moved[#moved + 1] = KEYS[i]
      change(KEYS[i], s, 0)
    end
  end
  note(s, now(), ARGV[3], #moved, 1, #moved, function (i) return moved[i] end)
end
collect(s or tonumber(redis.call('GET', KEYS[2]) or 0), now(), #moved)
redis.call('DEL', KEYS[8])
return { s or 0, redis.call('ZREM', KEYS[7], ARGV[3]), redis.call('GET', KEYS[1]) or '' }`;

/** KEYS intents · ARGV age in ms, limit · Returns token, age in ms, token, age in ms, … oldest first. */
export const openIntentsScript = `
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ms - ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 2, #found, 2 do found[i] = math.floor(ms - tonumber(found[i])) end
return found`;
