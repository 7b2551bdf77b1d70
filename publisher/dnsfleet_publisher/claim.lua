-- Makes the caller the one writer: whoever claims later has the higher fence.
--
-- KEYS  1 fence
-- ARGV  1 the least fence that the caller wants
local fence = math.max((tonumber(redis.call('GET', KEYS[1]) or '') or 0) + 1, tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', fence))
return fence
