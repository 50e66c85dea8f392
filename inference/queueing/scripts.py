"""The Lua scripts of the fair queue; each runs in Valkey as one step (``fair_queue`` calls them).

State of a queue, under five keys: the requests that hold a slot and those that wait (sorted sets
whose scores are the ends of their leases), the requests themselves (a hash of JSON), the clock (a
hash, deleted when nobody waits), and the mean time for which a slot is held.

The order of turns is start-time fair queueing (Goyal, Vin, Cheng 1996), at three levels: the
organisations at the backend, the instances of an organisation, the people of an instance. The n-th
waiting request of a flow starts at the flow's tag + n / weight; the lowest start is next. The slots
that a flow held when the queue formed count as turns.
"""

# Interactive requests come first; every tenth turn belongs to batch requests while there are any.
_SHARED = """
local held, waiting, requests, clock, figures = unpack(KEYS)
local capacity, lease = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function forget(id)
  redis.call('ZREM', held, id)
  redis.call('ZREM', waiting, id)
  redis.call('HDEL', requests, id)
end

local function forget_expired()
  for _, key in ipairs({held, waiting}) do
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', now)) do forget(id) end
  end
end

local function add(request)
  local key = request.granted > 0 and held or waiting
  redis.call('ZADD', key, now + lease, request.id)
  redis.call('HSET', requests, request.id, cjson.encode(request))
end

local function comes_first(a, b)
  if a.start ~= b.start then return a.start < b.start end
  if a.request.arrived ~= b.request.arrived then return a.request.arrived < b.request.arrived end
  return a.request.id < b.request.id
end

-- All requests, each with the names of its flows from the outermost, and the tags of the clock.
local function read()
  local all, tags = {}, {}
  local raw = redis.call('HGETALL', requests)
  for index = 2, #raw, 2 do
    local request = cjson.decode(raw[index])
    local organisation = 'organisation ' .. request.organisation
    local instance = organisation .. ' instance ' .. request.instance
    local flows = {organisation, instance, instance .. ' person ' .. request.person}
    all[#all + 1] = {request = request, flows = flows, starts = {}}
  end
  raw = redis.call('HGETALL', clock)
  for index = 1, #raw, 2 do tags[raw[index]] = tonumber(raw[index + 1]) end
  return all, tags
end

-- When the queue forms, the slots that are held count as turns.
local function start_clock(all, tags)
  for _, each in ipairs(all) do
    for level, flow in ipairs(each.flows) do
      if each.request.granted > 0 then
        local name = each.request.class .. flow .. ' tag'
        tags[name] = (tags[name] or 0) + (level == 1 and 1 / each.request.weight or 1)
        redis.call('HSET', clock, name, tags[name])
      end
    end
  end
end

-- The waiting requests of a class in the order of their turns.
local function in_order(class, all, tags)
  local function merge(members, level, scope)
    local flows = {}
    for _, member in ipairs(members) do
      local flow = member.flows[level]
      flows[flow] = flows[flow] or {}
      table.insert(flows[flow], member)
    end
    local merged = {}
    local virtual_time = tags[class .. scope] or 0
    for flow, list in pairs(flows) do
      if level < 3 then
        list = merge(list, level + 1, flow)
      else
        for _, member in ipairs(list) do member.start = 0 end
        table.sort(list, comes_first)
      end
      local step = level == 1 and 1 / list[1].request.weight or 1
      local tag = math.max(virtual_time, tags[class .. flow .. ' tag'] or 0)
      for n, member in ipairs(list) do
        member.starts[level] = {scope = scope, flow = flow, at = tag + (n - 1) * step, step = step}
        table.insert(merged, member)
      end
    end
    for _, member in ipairs(merged) do member.start = member.starts[level].at end
    table.sort(merged, comes_first)
    return merged
  end
  local mine = {}
  for _, each in ipairs(all) do
    if each.request.granted == 0 and each.request.class == class then mine[#mine + 1] = each end
  end
  return merge(mine, 1, '')
end

local function grant(member)
  local request = member.request
  for _, start in ipairs(member.starts) do
    redis.call('HSET', clock, request.class .. start.scope, start.at,
      request.class .. start.flow .. ' tag', start.at + start.step)
  end
  redis.call('ZREM', waiting, request.id)
  request.granted = now
  add(request)
  local granted = 'ragapp:queue:granted:' .. request.process
  redis.call('RPUSH', granted, request.id .. ' ' .. held)
  redis.call('PEXPIRE', granted, 2 * lease)
end

-- Give the free slots to the next requests; return the places of those that still wait, by id.
local function give_turns()
  forget_expired()
  if redis.call('ZCARD', waiting) == 0 then
    redis.call('DEL', clock)
    return {}
  end
  local all, tags = read()
  if next(tags) == nil then start_clock(all, tags) end
  local interactive = in_order('interactive', all, tags)
  local batch = in_order('batch', all, tags)
  local free = capacity - redis.call('ZCARD', held)
  while free > 0 and #interactive + #batch > 0 do
    local turn = redis.call('HINCRBY', clock, 'turns', 1)
    local is_batch = #interactive == 0 or (#batch > 0 and turn % 10 == 0)
    grant(table.remove(is_batch and batch or interactive, 1))
    free = free - 1
  end
  if #interactive + #batch == 0 then redis.call('DEL', clock) end
  local places = {}
  for place, member in ipairs(interactive) do places[member.request.id] = place end
  for place, member in ipairs(batch) do places[member.request.id] = #interactive + place end
  return places
end

local function hold_ms()
  return tonumber(redis.call('HGET', figures, 'hold_ms') or 0)
end
"""

# Capacity, lease in ms, request, 1 if it may wait. Returns its place (0: it holds a slot, -1: it
# was not admitted) and the mean time for which a slot is held, in ms (0: unknown).
ENTER = (
    _SHARED
    + """
local request = cjson.decode(ARGV[3])
forget_expired()
if redis.call('ZCARD', waiting) == 0 and redis.call('ZCARD', held) < capacity then
  -- Nobody waits and a slot is free, so there is no order to find.
  redis.call('DEL', clock)
  request.granted = now
  add(request)
  return {0, hold_ms()}
end
add(request)
local place = give_turns()[request.id] or 0
if place > 0 and ARGV[4] == '0' then
  forget(request.id)
  place = -1
end
return {place, hold_ms()}
"""
)

# Capacity, lease in ms, id of the request, 1 if the backend has answered it.
LEAVE = (
    _SHARED
    + """
local known = redis.call('HGET', requests, ARGV[3])
if known and ARGV[4] == '1' then
  local held_ms, mean_ms = now - cjson.decode(known).granted, hold_ms()
  if mean_ms > 0 then held_ms = 0.8 * mean_ms + 0.2 * held_ms end
  redis.call('HSET', figures, 'hold_ms', math.floor(held_ms))
  redis.call('PEXPIRE', figures, 86400000)
end
forget(ARGV[3])
give_turns()
"""
)

# Capacity, lease in ms, requests of one process. Returns the mean time for which a slot is held,
# then the place of each. A request that Valkey has lost enters again.
RENEW = (
    _SHARED
    + """
for index = 3, #ARGV do
  local request = cjson.decode(ARGV[index])
  if redis.call('HEXISTS', requests, request.id) == 0 then
    if request.granted > 0 then request.granted = now end
    add(request)
  end
  for _, key in ipairs({held, waiting}) do
    redis.call('ZADD', key, 'XX', now + lease, request.id)
  end
end
local places, reply = give_turns(), {hold_ms()}
for index = 3, #ARGV do reply[index - 1] = places[cjson.decode(ARGV[index]).id] or 0 end
return reply
"""
)
