import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaksIn } from './leaks.ts';

const leaky: Readonly<Record<string, string>> = {
  'a stack': '{"detail":"oops\\n    at Object.run (a:1:2)"}',
  'a source file': '{"detail":"in orders.postgres.ts"}',
  'a path of the machine': '{"detail":"/home/kim/shop is missing"}',
  'an address of the inside': '{"detail":"connect ECONNREFUSED 127.0.0.1:5432"}',
  'a version': '{"detail":"PostgreSQL 18.1"}',
  SQL: '{"detail":"duplicate key value violates unique constraint"}',
  'a class of ours or of others': '{"detail":"ZodError: [...]"}',
  'a server’s name': 'HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n',
};

for (const [name, answer] of Object.entries(leaky)) {
  test(`${name} in an answer is a leak, unless the sender said it`, () => {
    assert.ok(leaksIn(answer, '').some((leak) => leak.startsWith(`${name}: `)));
    assert.deepEqual(leaksIn(answer, answer), []);
  });
}

test('a plain problem leaks nothing', () => {
  const problem =
    '{"type":"urn:dure:error:GATEWAY_VERSION","detail":"the HTTP version is not 1.0 or 1.1; see /openapi.json"}';
  assert.deepEqual(leaksIn(`HTTP/1.1 505 \r\nvia: 1.1 dure\r\n\r\n${problem}`, ''), []);
});
