/**
 * KEYS g q hold seq · ARGV new generation, server identity, hold ms when absent, hold ms when restarted, force ('1' begins
 * a new generation whatever is found)
 * Returns `same`, `absent`, `restarted` or `cleared`. `q` remembers which server process the generation belongs to: a
 * server that came back from a dump has the old generation, old entries and older tags, and a tag older than its
 * entry's truth would make a stale entry valid. `seq` never starts over under a living generation.
 */
export const generationScript = `
local g = redis.call('GET', KEYS[1])
local known = redis.call('HGET', KEYS[2], 'server')
local clock = redis.call('EXISTS', KEYS[4])
local why = 'same'
if ARGV[5] == '1' then why = 'cleared'
elseif not g or clock == 0 then why = 'absent'
elseif known ~= ARGV[2] then why = 'restarted' end
if why == 'same' then return why end
redis.call('SET', KEYS[4], '1', 'NX')
redis.call('SET', KEYS[1], ARGV[1])
if why == 'cleared' then return why end
redis.call('HSET', KEYS[2], 'server', ARGV[2])
local hold = ARGV[why == 'absent' and 3 or 4]
if tonumber(hold) > 0 then redis.call('SET', KEYS[3], '1', 'PX', hold) end
return why`;

/**
 * KEYS g seq tag… · Advances the clock once and moves every tag to it; a tag's count of announced writes stays. A clock
 * that is gone while the generation lives (evicted, deleted by hand) would start below the entries, so the generation
 * goes too.
 */
export const bumpScript = `
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('DEL', KEYS[1]) end
local s = redis.call('INCR', KEYS[2])
for i = 3, #KEYS do
  local n = string.match(redis.call('GET', KEYS[i]) or '', '|(%d+)$')
  if n and tonumber(n) > 0 then redis.call('SET', KEYS[i], s .. '|' .. n)
  else redis.call('SET', KEYS[i], s) end
end
return s`;
