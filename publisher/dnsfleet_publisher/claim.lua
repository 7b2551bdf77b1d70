-- Makes the caller the one writer: whoever claims later has the higher fence.
--
-- KEYS  1 fence
-- ARGV  1 the fence that the caller wants
--       2 a fence that is to be above this one too
--       3 how far above what is known it is to be where the wanted one is not above that
local known = math.max(tonumber(redis.call('GET', KEYS[1]) or '') or 0, tonumber(ARGV[2]))
local fence = tonumber(ARGV[1])
if fence <= known then
  fence = known + tonumber(ARGV[3])
end
redis.call('SET', KEYS[1], string.format('%.0f', fence))
return fence
