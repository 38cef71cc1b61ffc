import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom } from '@dure/core';
import { fakeClock, testIds } from '@dure/core/testing';
import { memorySink } from './line-sink.ts';
import type { TelemetryOptions } from './open-telemetry.ts';
import { openTelemetry } from './open-telemetry.ts';
import type { Delivery, Transport } from './transport.ts';

function open(transport: Transport, change: Partial<TelemetryOptions> = {}) {
  const clock = fakeClock();
  const stdout = memorySink();
  const telemetry = openTelemetry({
    service: 'order',
    instance: 'order:1',
    clock,
    ids: testIds(),
    random: seededRandom(1),
    endpoint: 'http://127.0.0.1:9411/',
    stdout,
    level: 'info',
    sampleRatio: 1,
    transport,
    ...change,
  });
  return { clock, stdout, telemetry };
}

test('spans, lines and metrics reach the collector as OTLP/HTTP JSON with the token', async () => {
  const sent: Delivery[] = [];
  const { telemetry, clock } = open(
    async (delivery) => {
      sent.push(delivery);
      return { status: 200 };
    },
    { authorize: async () => 'Bearer t' },
  );
  const span = telemetry.startSpan('order.place', { kind: 'server', attributes: { 'order.id': 'o-1' } });
  telemetry.log.info('placed', { trace: span.context, total: 3.5, items: ['a', { b: true }] });
  telemetry.metrics.counter('orders', 'Orders').add(2, { state: 'placed' });
  await clock.advance(20);
  span.end();
  await telemetry.close();
  const byPath = Object.fromEntries(sent.map(({ url, body }) => [new URL(url).pathname, JSON.parse(body) as never]));
  assert.deepEqual(Object.keys(byPath).sort(), ['/v1/logs', '/v1/metrics', '/v1/traces']);
  assert.ok(sent.every(({ headers }) => headers.authorization === 'Bearer t'));
  assert.deepEqual(byPath['/v1/traces'], {
    resourceSpans: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: 'order' } },
            { key: 'service.instance.id', value: { stringValue: 'order:1' } },
          ],
        },
        scopeSpans: [
          {
            scope: { name: 'dure', version: '0.1.0' },
            spans: [
              {
                traceId: span.context.traceId,
                spanId: span.context.spanId,
                name: 'order.place',
                kind: 2,
                startTimeUnixNano: '1767225600000000000',
                endTimeUnixNano: '1767225600020000000',
                attributes: [{ key: 'order.id', value: { stringValue: 'o-1' } }],
              },
            ],
          },
        ],
      },
    ],
  });
  const logs = JSON.stringify(byPath['/v1/logs']);
  assert.match(logs, /"severityNumber":9/);
  assert.match(logs, /"doubleValue":3\.5/);
  assert.match(logs, /"kvlistValue":\{"values":\[\{"key":"b","value":\{"boolValue":true\}\}\]\}/);
  assert.match(JSON.stringify(byPath['/v1/metrics']), /"name":"orders".*"isMonotonic":true/);
});

test('an absent collector is said once, its return is said once, and nothing is lost', async () => {
  let away = true;
  let spans = 0;
  const { telemetry, clock, stdout } = open(async ({ url, body }) => {
    if (away) throw new TypeError('connection refused');
    if (url.endsWith('traces')) spans += (body.match(/"spanId"/g) ?? []).length;
    return { status: 200 };
  });
  for (let count = 0; count < 600; count += 1) telemetry.startSpan('work').end();
  await clock.advance(30_000);
  away = false;
  await clock.advance(30_000);
  assert.equal(spans, 600);
  const said = stdout.lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  assert.deepEqual(said, [
    'telemetry does not reach the collector; it is kept and sent later',
    'telemetry reaches the collector again',
  ]);
});

test('closing takes at most two seconds when the collector hangs', async () => {
  const { telemetry, clock } = open(
    ({ signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new TypeError('gone')))),
  );
  telemetry.startSpan('work').end();
  let closed = false;
  const closing = telemetry.close().then(() => {
    closed = true;
  });
  await clock.advance(1_999);
  assert.equal(closed, false);
  await clock.advance(1);
  await closing;
  await telemetry.close();
  assert.equal(clock.pending, 0, 'no timer is left');
});

test('without a collector nothing is queued and no timer runs', async () => {
  const { telemetry, clock } = open(() => Promise.reject(new TypeError('never')), { endpoint: undefined as never });
  telemetry.startSpan('work').end();
  assert.equal(clock.pending, 0);
  await telemetry.close();
});

test('a ratio or an endpoint that makes no sense is refused, with the range', () => {
  const never: Transport = () => Promise.reject(new TypeError('never'));
  for (const [change, message] of [
    [{ sampleRatio: 1.5 }, /telemetry\.sampleRatio is 1\.5; it must be a number from 0 to 1/],
    [{ sampleRatio: Number.NaN }, /sampleRatio is NaN/],
    [{ endpoint: 'localhost:4318' }, /telemetry\.endpoint is "localhost:4318"; it must be an http or https URL/],
  ] as const) {
    assert.throws(
      () => open(never, change),
      (error) => codeOf(error) === 'TELEMETRY_OPTION_INVALID' && message.test(String(error)),
    );
  }
});

test('the process tells its memory, processor time and event loop delay', () => {
  const { telemetry } = open(() => Promise.reject(new TypeError('never')), { endpoint: undefined as never });
  const text = telemetry.metrics.prometheus();
  assert.match(text, /^process_resident_memory_bytes \d{7,}$/m);
  assert.match(text, /^# TYPE process_cpu_seconds_total counter$/m);
  assert.match(text, /^nodejs_eventloop_delay_seconds \d/m);
});
