-- For wrk: every request places an order, by an Idempotency-Key that nobody had before. Nothing is sent twice.
local prefix, count = '', 0

function init(args)
  prefix = args[2]
  wrk.method = 'POST'
  wrk.headers['content-type'] = 'application/json'
  wrk.headers['authorization'] = args[1]
  wrk.body = args[3]
end

function request()
  count = count + 1
  wrk.headers['idempotency-key'] = prefix .. count
  return wrk.format()
end
