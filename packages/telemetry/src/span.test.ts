import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal, seededRandom } from '@dure/core';
import { fakeClock, testIds } from '@dure/core/testing';
import { telemetryErrors } from './errors.ts';
import type { SpanRecord } from './span.ts';
import { startSpan } from './span.ts';
import { wallTime } from './wall-time.ts';

function source(sampleRatio = 1) {
  const clock = fakeClock();
  const ended: SpanRecord[] = [];
  const spanSource = {
    wallTime: wallTime(clock),
    ids: testIds(),
    random: seededRandom(3),
    sampleRatio,
    onEnd: (span: SpanRecord) => void ended.push(span),
  };
  return { clock, ended, spanSource };
}

test('a span without a parent starts a trace and one with a parent continues it', () => {
  const { spanSource, ended } = source();
  const root = startSpan(spanSource, 'order.place', { kind: 'server' });
  const child = startSpan(spanSource, 'inventory.reserve', { kind: 'client', parent: root.context });
  child.end();
  root.end();
  assert.equal(child.context.traceId, root.context.traceId);
  assert.deepEqual(
    ended.map((span) => [span.name, span.kind, span.parentId]),
    [
      ['inventory.reserve', 'client', root.context.spanId],
      ['order.place', 'server', undefined],
    ],
  );
});

test('a span lasts from its start to its end, and nothing changes it afterwards', async () => {
  const { spanSource, ended, clock } = source();
  const span = startSpan(spanSource, 'work');
  await clock.advance(20);
  span.event('half', { step: 1, password: 'pw' });
  await clock.advance(22);
  span.end();
  span.set('late', true);
  span.fail('late');
  span.end();
  const [record] = ended;
  assert.equal(ended.length, 1);
  assert.equal((record?.endedAt ?? 0) - (record?.startedAt ?? 0), 42);
  assert.deepEqual(record?.attributes, {});
  assert.equal(record?.failure, undefined);
  assert.deepEqual(record?.events[0]?.attributes, { step: 1, password: '***' });
});

test('a trace that is not sampled upstream is not recorded here, and its context passes through', () => {
  const { spanSource, ended } = source();
  const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: false, state: 'x=1' };
  const span = startSpan(spanSource, 'work', { parent });
  span.set('a', 1);
  span.fail(telemetryErrors.OPTION_INVALID('no'));
  span.end();
  assert.equal(span.context, parent);
  assert.deepEqual(ended, []);
});

test('the sample ratio decides for traces that start here only', () => {
  const { spanSource, ended } = source(0.25);
  for (let count = 0; count < 2_000; count += 1) startSpan(spanSource, 'root').end();
  assert.ok(ended.length > 400 && ended.length < 600, `${ended.length} of 2000`);
  const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
  const before = ended.length;
  for (let count = 0; count < 100; count += 1) startSpan(spanSource, 'child', { parent }).end();
  assert.equal(ended.length, before + 100);
});

test('a failure carries its code and message, without passwords in URLs', () => {
  const { spanSource, ended } = source();
  const span = startSpan(spanSource, 'work');
  span.fail(telemetryErrors.OPTION_INVALID('cannot reach postgres://order:hunt@er2@db/order'));
  span.end();
  assert.deepEqual(ended[0]?.failure, {
    code: 'TELEMETRY_OPTION_INVALID',
    message: 'cannot reach postgres://order:***@db/order',
  });
});

test('a refusal is noted and is not a failure', () => {
  const { spanSource, ended } = source();
  const span = startSpan(spanSource, 'work');
  span.fail(new Refusal({ service: 'a', operation: 'b', code: 'OutOfStock', data: {}, status: 409 }));
  span.end();
  assert.equal(ended[0]?.failure, undefined);
  assert.deepEqual(ended[0]?.attributes, { 'dure.refusal': 'OutOfStock' });
});

test('a span keeps at most 64 attributes and 64 events', () => {
  const { spanSource, ended } = source();
  const span = startSpan(spanSource, 'work');
  for (let index = 0; index < 200; index += 1) {
    span.set(`key${index}`, index);
    span.event('tick');
  }
  span.set('key0', 'changed');
  span.end();
  assert.equal(Object.keys(ended[0]?.attributes ?? {}).length, 64);
  assert.equal(ended[0]?.attributes.key0, 'changed');
  assert.equal(ended[0]?.events.length, 64);
});

test('wall time follows the machine clock again after it was set', () => {
  let [epoch, monotonic] = [1_000_000, 500];
  const time = wallTime({ now: () => epoch, monotonicMs: () => monotonic, after: fakeClock().after });
  monotonic += 0.25;
  assert.equal(time.now(), 1_000_000.25);
  epoch += 3_600_000;
  time.adjust();
  assert.equal(time.now(), 4_600_000);
});
