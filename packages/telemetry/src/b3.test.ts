import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatB3, parseB3 } from './b3.ts';

const trace = '7c1d02e94ab85f3160d2c7f4b1e8a935';
const span = '19be47d0c3a2f586';

test('the single header is read and written', () => {
  assert.deepEqual(parseB3({ b3: `${trace}-${span}-1-60d2c7f4b1e8a935` }), {
    traceId: trace,
    spanId: span,
    sampled: true,
  });
  assert.equal(formatB3({ traceId: trace, spanId: span, sampled: false }), `${trace}-${span}-0`);
  assert.equal(parseB3({ b3: `${trace}-${span}-0` })?.sampled, false);
  assert.equal(parseB3({ b3: `${trace}-${span}-d` })?.sampled, true);
  assert.equal(parseB3({ b3: `${trace}-${span}` })?.sampled, true);
});

test('several headers are read, debug means sampled, and a short trace id is padded', () => {
  const headers = { 'x-b3-traceid': '60d2c7f4b1e8a935', 'x-b3-spanid': span, 'x-b3-sampled': '0' };
  assert.deepEqual(parseB3(headers), { traceId: `${'0'.repeat(16)}60d2c7f4b1e8a935`, spanId: span, sampled: false });
  assert.equal(parseB3({ ...headers, 'x-b3-flags': '1' })?.sampled, true);
});

test('the single header wins, and invalid headers start a new trace', () => {
  const headers = { 'x-b3-traceid': trace, 'x-b3-spanid': span };
  for (const b3 of ['0', 'nonsense', `${trace.toUpperCase()}-${span}`, `${'0'.repeat(32)}-${span}-1`]) {
    assert.equal(parseB3({ b3, ...headers }), undefined, b3);
  }
  assert.equal(parseB3({}), undefined);
  assert.equal(parseB3({ 'x-b3-traceid': trace }), undefined);
});
