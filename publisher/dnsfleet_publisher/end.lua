-- Takes an entry out of the index that no reader can use, and its manifest. What readers serve stays.
--
-- The position moves on without an entry in the log. So the next entry follows a position that no
-- reader has seen: readers take that for a gap and read the index, which lacks the entry now.
--
-- KEYS  1 fence  2 lsn  3 zones  4 where the manifest of the zone is
-- ARGV  1 our fence  2 our lsn  3 origin  4 the revision in the entry, empty for none
--       5 and 6 the positions where we may have left the core
--
-- Returns {'ok', the position before}, or why nothing was changed: {'fence', stored}, {'lsn', stored},
-- {'revision', stored}.
local FENCE, LSN, ZONES, MANIFEST = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local fence, lsn, origin, revision, left, or_left = unpack(ARGV, 1, 6)

local stored_fence = redis.call('GET', FENCE) or ''
if stored_fence ~= fence then
  return {'fence', stored_fence}
end
local position = redis.call('GET', LSN) or '0'
if position ~= left and position ~= or_left then
  return {'lsn', position}
end
local stored = string.match(redis.call('HGET', ZONES, origin) or '', '%d+%.%d+$') or ''
if stored ~= revision then
  return {'revision', stored}
end
redis.call('SET', LSN, lsn)
redis.call('HDEL', ZONES, origin)
redis.call('DEL', MANIFEST)
return {'ok', position}
