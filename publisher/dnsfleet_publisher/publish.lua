-- Makes a signed head current: the one place where what readers see changes, all at once.
--
-- KEYS  1 fence  2 lsn  3 log  4 zones  5 the fleet's head  6 where the head goes  7 kept zones
--       then the chunks that only this head names, then the chunks that no head names any more, then
--       those that were kept and make room
-- ARGV  1 our fence  2 our lsn  3 entries kept in the log  4 origin, empty for the fleet's head
--       5 revision  6 the revision we follow, empty for none  7 the signed head
--       8 how many new chunks  9 seconds that unnamed chunks stay
--       10 and 11 the positions where we may have left the core
--       12 the fleet's head that goes with this change of a zone, empty for none
--       13 how many chunks no head names any more
--       14 the signed description of the zone where it is removed and kept, empty for none
--       15 seconds that it is kept, then the origins that are kept no longer
--
-- Returns {'ok', the position before}, or why nothing was changed: {'fence', stored},
-- {'lsn', stored}, {'revision', stored}, {'chunk', key}.
local FENCE, LSN, LOG, ZONES, FLEET, HEAD, KEPT = unpack(KEYS, 1, 7)
local FIRST_CHUNK, FIRST_LEFT = 8, 16
local fence, lsn, kept, origin, revision, previous, head = unpack(ARGV, 1, 7)
local new_chunks, stay = tonumber(ARGV[8]), ARGV[9]
local left, or_left, fleet, superseded, description, keep = unpack(ARGV, 10, 15)
local first_superseded = FIRST_CHUNK + new_chunks
local first_unneeded = first_superseded + tonumber(superseded)

local function numbers(text)
  local epoch, seq = string.match(text, '(%d+)%.(%d+)$')
  return tonumber(epoch), tonumber(seq)
end

local stored_fence = redis.call('GET', FENCE) or ''
if stored_fence ~= fence then
  return {'fence', stored_fence}
end
local position = redis.call('GET', LSN) or '0'
if position ~= left and position ~= or_left then
  return {'lsn', position}
end
if origin ~= '' then
  local stored = string.match(redis.call('HGET', ZONES, origin) or '', '%d+%.%d+$') or ''
  if stored ~= previous then
    return {'revision', stored}
  end
  if stored ~= '' then
    local epoch, seq = numbers(revision)
    local stored_epoch, stored_seq = numbers(stored)
    if epoch < stored_epoch or (epoch == stored_epoch and seq <= stored_seq) then
      return {'revision', stored}
    end
  end
end
for at = FIRST_CHUNK, FIRST_CHUNK + new_chunks - 1 do
  if redis.call('EXISTS', KEYS[at]) == 0 then
    return {'chunk', KEYS[at]}
  end
end

-- The entry goes first: it is the only write that the state of the data can make fail.
local entry = {'XADD', LOG, 'MAXLEN', '~', kept, lsn .. '-0',
  'zone', origin, 'revision', revision, 'after', position}
local added = redis.pcall(unpack(entry))
if added.err and string.find(added.err, 'equal or smaller', 1, true) then
  -- The log has entries after the position of the data, which nobody wrote: it begins anew.
  redis.call('DEL', LOG)
  redis.call(unpack(entry))
elseif added.err then
  return added
end
for at = FIRST_CHUNK, FIRST_CHUNK + new_chunks - 1 do
  redis.call('PERSIST', KEYS[at])
end
redis.call('SET', HEAD, head)
if fleet ~= '' then
  redis.call('SET', FLEET, fleet)
end
if origin ~= '' then
  redis.call('HSET', ZONES, origin, lsn .. ' ' .. revision)
end
redis.call('SET', LSN, lsn)
for at = first_superseded, first_unneeded - 1 do
  redis.call('EXPIRE', KEYS[at], description == '' and stay or keep)
end
for at = first_unneeded, #KEYS do
  redis.call('EXPIRE', KEYS[at], stay)
end
for at = FIRST_LEFT, #ARGV do
  redis.call('HDEL', KEPT, ARGV[at])
end
if description ~= '' then
  redis.call('HSET', KEPT, origin, description)
  redis.call('EXPIRE', KEPT, keep)
end
return {'ok', position}
