import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passedTrailers, trailerLines } from './trailer-fields.ts';

test('a trailer says what became known late, and nothing that a message is read by', () => {
  const passed = ['Server-Timing', 'db;dur=3', 'Digest', 'sha-256=x', 'ETag', '"7"', 'X-Checksum', '1'];
  assert.deepEqual(passedTrailers(passed), passed);
  for (const name of [
    'Content-Length',
    'Transfer-Encoding',
    'Host',
    'Authorization',
    'Cookie',
    'Set-Cookie',
    'Connection',
    'TE',
    'Trailer',
    'Upgrade',
    'Content-Encoding',
    'Content-Type',
    'Content-Range',
    'Cache-Control',
    'Location',
    'Expect',
    'Max-Forwards',
    'If-Match',
    'Access-Control-Allow-Origin',
    'X-Forwarded-For',
    'Forwarded',
    'Via',
    'Dure-Timeout-Ms',
    'traceparent',
    'x_underscore',
    'transfer_encoding',
    'Idempotency-Key',
  ])
    assert.equal(passedTrailers([name, 'x']), undefined, name);
  assert.equal(passedTrailers(undefined), undefined);
  assert.equal(passedTrailers([]), undefined);
});

test('trailer fields stand in lines', () => {
  assert.equal(trailerLines(['X-A', '1', 'Host', 'evil', 'X-B', '2']), 'X-A: 1\r\nX-B: 2\r\n');
  assert.equal(trailerLines(undefined), '');
});
