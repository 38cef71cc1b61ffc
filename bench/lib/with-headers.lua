-- Sends the headers that are given as `name: value`.
function init(args)
  for _, header in ipairs(args) do
    local name, value = header:match("^(.-): (.*)$")
    wrk.headers[name] = value
  end
end
