-- Writes fields of a hash that only writers read, while the caller is the one writer.
--
-- KEYS  1 fence  2 the hash
-- ARGV  1 our fence, then pairs: field, value; an empty value drops the field
--
-- Returns the fence that is stored; nothing was changed where it is another.
local stored = redis.call('GET', KEYS[1]) or ''
if stored ~= ARGV[1] then
  return stored
end
for at = 2, #ARGV, 2 do
  if ARGV[at + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[at])
  else
    redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
  end
end
return stored
