-- Writes Pop commands into the stream of one Pop, while the caller is the one writer.
--
-- KEYS  1 fence  2 the stream
-- ARGV  1 our fence  2 entries to keep  3 seconds that the stream stays  4 name of the field,
--       then pairs: id, signed command
--
-- Returns the fence that is stored; nothing was changed where it is another.
local stored = redis.call('GET', KEYS[1]) or ''
if stored ~= ARGV[1] then
  return stored
end
for at = 5, #ARGV, 2 do
  redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[2], ARGV[at], ARGV[4], ARGV[at + 1])
end
redis.call('EXPIRE', KEYS[2], ARGV[3])
return stored
