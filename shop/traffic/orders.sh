#!/usr/bin/env bash
# Registers a customer and places five orders a second at http://localhost:8080 until it is stopped, one line for each. Whatever
# fails for the moment is tried again by the same key, and so is placed once.
json='content-type: application/json'
who="\"email\":\"min-$$@example.com\",\"password\":\"correct horse\""
curl -sS -o /dev/null localhost:8080/users -H "$json" -d "{$who,\"name\":\"Min\"}"
token=$(curl -sS localhost:8080/sessions -H "$json" -d "{$who}" | sed 's/.*"token":"\([^"]*\)".*/\1/')
order='{"lines":[{"sku":"tea-green","quantity":1}],"payment":{"method":"card"},
  "address":{"recipient":"Min","street":"110 Sejong-daero","city":"Seoul","postcode":"04524"}}'
number=0
while sleep 0.2; do
  number=$((number + 1))
  curl -s --retry 9 -w '\n' localhost:8080/orders -H "$json" -H "authorization: Bearer $token" \
    -H "idempotency-key: min-$$-$number" -d "$order" &
done
