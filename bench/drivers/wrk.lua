-- wrk -s wrk.lua URL -- [ABSOLUTE_URL HOST | BYTES]: a proxy is sent the absolute form; with BYTES, each request
-- is a POST with a body of that size. The summary is one line of JSON.

function init(args)
  if #args == 2 then
    wrk.path = args[1]
    wrk.headers["Host"] = args[2]
  elseif #args == 1 then
    wrk.method = "POST"
    wrk.body = string.rep("b", tonumber(args[1]))
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\nresult {"done":%d,"seconds":%.6f,"errors":%d,"p50Us":%d,"p99Us":%d}\n',
    summary.requests, summary.duration / 1e6,
    e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
