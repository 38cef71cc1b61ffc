import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from './clock.ts';
import { ids } from './ids.ts';
import { randomInteger, seededRandom, systemRandom } from './random.ts';
import { fakeClock } from './testing/index.ts';
import { formatTraceparent, parseTraceparent } from './trace-context.ts';

test('a UUID has version 7, its variant and the time, and sorts by creation even when the clock stands still', () => {
  const made = ids(fakeClock(Date.UTC(2026, 0, 1)), seededRandom(42));
  const uuids = Array.from({ length: 10_000 }, () => made.uuid());
  for (const uuid of uuids) assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([...uuids].sort(), uuids);
  assert.equal(new Set(uuids).size, uuids.length);
  assert.equal(Number.parseInt((uuids[0] ?? '').replaceAll('-', '').slice(0, 12), 16), Date.UTC(2026, 0, 1));
});

test('the same seed gives the same ids, another seed others', () => {
  const draw = (seed: number) => ids(fakeClock(), seededRandom(seed)).traceId();
  assert.equal(draw(1), draw(1));
  assert.notEqual(draw(1), draw(2));
  const real = ids(systemClock, systemRandom);
  assert.notEqual(real.spanId(), real.spanId());
});

test('a whole number is drawn from its range, both ends included', () => {
  const random = seededRandom(7);
  const drawn = new Set(Array.from({ length: 1_000 }, () => randomInteger(random, 1, 6)));
  assert.deepEqual([...drawn].sort(), [1, 2, 3, 4, 5, 6]);
});

test('every traceparent that is written can be read, and nothing else', () => {
  const hex = (length: number) =>
    fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => !/^0+$/.test(text));
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
      assert.deepEqual(parseTraceparent(formatTraceparent({ traceId, spanId, sampled })), { traceId, spanId, sampled });
    }),
  );
  const bad = [
    '',
    'nonsense',
    `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
    `00-${'A'.repeat(32)}-${'b'.repeat(16)}-01`,
    `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01-more`,
  ];
  for (const header of bad) assert.equal(parseTraceparent(header), undefined, header);
});
