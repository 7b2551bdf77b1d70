-- Reads what every edge said last; the writer removes what is larger than an edge may say.
--
-- KEYS  1 the hash into which edges of the version before write
-- ARGV  1 what the keys of slots begin with  2 slots  3 octets of a slot  4 octets of all together
--       5 1 to remove what is too large, else it is left out
--
-- Returns two lists: key and value of each slot that holds something; field and value of the hash.
-- Where there is more than all together may have, the rest is left out.
local AT_ONCE = 64
local HASH, prefix = KEYS[1], ARGV[1]
local slots, longest, allowed = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local tidy = ARGV[5] == '1'

local said = {}
for first = 0, slots - 1, AT_ONCE do
  local names = {}
  for slot = first, math.min(first + AT_ONCE, slots) - 1 do
    names[#names + 1] = string.format('%s%03x', prefix, slot)
  end
  if redis.call('EXISTS', unpack(names)) > 0 then
    for _, name in ipairs(names) do
      local octets = redis.call('STRLEN', name)
      if octets > longest then
        if tidy then
          redis.call('UNLINK', name)
        end
      elseif octets > 0 and octets <= allowed then
        said[#said + 1] = name
        said[#said + 1] = redis.call('GET', name)
        allowed = allowed - octets
      end
    end
  end
end

local fields = {}
local count = redis.call('HLEN', HASH)
if count > 0 then
  if count > slots or redis.call('MEMORY', 'USAGE', HASH, 'SAMPLES', 0) > allowed then
    if tidy then
      redis.call('UNLINK', HASH)
    end
  else
    fields = redis.call('HGETALL', HASH)
  end
end
return {said, fields}
