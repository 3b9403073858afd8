-- Sends what benchmarks/wrk.py wrote down, each request under a key of its own, and counts the answers that are no success.
--
-- The file that it is given returns a table: `requests`, which take turns, each in pieces of text with holes between
-- them (1: the key, 2: an account, 3: another one); `accounts`; and `successes`, texts of which a success holds one.

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  plan = dofile(arguments[1])
  run = arguments[2]
  sent = 0
  failures = 0
  first_failure = ""
  math.randomseed(tonumber(arguments[3]) + number)
end

-- Twenty characters, always: the length of a body is known before.
local function key()
  return string.format("%s-%02d-%010d", run, number, sent)
end

function request()
  sent = sent + 1
  local accounts = plan.accounts
  local chosen = math.random(#accounts)
  local holes = {key(), accounts[chosen], accounts[chosen % #accounts + 1]}
  local pieces = {}
  for index, part in ipairs(plan.requests[sent % #plan.requests + 1]) do
    pieces[index] = holes[part] or part
  end
  return table.concat(pieces)
end

function response(status, headers, body)
  if status == 200 then
    for _, success in ipairs(plan.successes) do
      if body:find(success, 1, true) then return end
    end
  end
  failures = failures + 1
  if first_failure == "" then first_failure = status .. " " .. body:sub(1, 300) end
end

function done(summary, latency, requests)
  local failed, example = 0, ""
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("failures")
    if example == "" then example = thread:get("first_failure") end
  end
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format(
    "measured requests=%d microseconds=%d p50=%d p99=%d max=%d failures=%d lost=%d",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max, failed, lost))
  if example ~= "" then print("example " .. example) end
end
