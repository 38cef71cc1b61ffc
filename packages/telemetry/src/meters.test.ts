import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { maxSeries, meters } from './meters.ts';

test('the same label set is one series, whatever the order of its keys', () => {
  const table = meters(fakeClock());
  const requests = table.counter('http_requests', 'Requests');
  requests.add(1, { method: 'GET', status: 200 });
  requests.add(2, { status: 200, method: 'GET' });
  table.counter('http_requests', 'Requests').add(4, { method: 'GET', status: 200 });
  assert.match(table.prometheus(), /^http_requests_total\{method="GET",status="200"\} 7$/m);
});

test('a meter keeps a bounded number of series and adds up the rest as overflow', () => {
  const table = meters(fakeClock());
  const requests = table.counter('requests', 'Requests');
  for (let user = 0; user < 3 * maxSeries; user += 1) requests.add(1, { user });
  requests.add(1, { user: 0 });
  const [meter] = table.read();
  assert.equal(meter?.series.length, maxSeries + 1);
  const text = table.prometheus();
  assert.match(text, new RegExp(`requests_total\\{overflow="true"\\} ${2 * maxSeries}`));
  assert.match(text, /requests_total\{user="0"\} 2/);
});

test('a histogram is written as cumulative buckets, sum and count', () => {
  const table = meters(fakeClock());
  const seconds = table.histogram('http_server_requests_seconds', 'Time to answer', [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 3]) seconds.record(value, { route: '/a"b\\c\n' });
  assert.equal(
    table.prometheus(),
    [
      '# HELP http_server_requests_seconds Time to answer',
      '# TYPE http_server_requests_seconds histogram',
      'http_server_requests_seconds_bucket{route="/a\\"b\\\\c\\n",le="0.1"} 2',
      'http_server_requests_seconds_bucket{route="/a\\"b\\\\c\\n",le="1"} 3',
      'http_server_requests_seconds_bucket{route="/a\\"b\\\\c\\n",le="+Inf"} 4',
      'http_server_requests_seconds_sum{route="/a\\"b\\\\c\\n"} 3.65',
      'http_server_requests_seconds_count{route="/a\\"b\\\\c\\n"} 4',
      '',
    ].join('\n'),
  );
});

test('the snapshot has the names, units and statistics of Spring Boot', async () => {
  const clock = fakeClock();
  const table = meters(clock);
  table.histogram('http_server_requests_seconds', 'Time to answer').record(0.25, { status: 200 });
  table.counter('orders_placed', 'Orders').add(2);
  table.gauge('process_resident_memory_bytes', 'Memory', () => 1_024);
  assert.deepEqual(table.snapshot(), [
    {
      name: 'http.server.requests',
      description: 'Time to answer',
      unit: 'seconds',
      series: [{ labels: { status: 200 }, measurements: { COUNT: 1, TOTAL_TIME: 0.25, MAX: 0.25 } }],
    },
    { name: 'orders.placed', description: 'Orders', series: [{ labels: {}, measurements: { COUNT: 2 } }] },
    {
      name: 'process.resident.memory',
      description: 'Memory',
      unit: 'bytes',
      series: [{ labels: {}, measurements: { VALUE: 1_024 } }],
    },
  ]);
  await clock.advance(180_000);
  assert.equal(table.snapshot()[0]?.series[0]?.measurements.MAX, 0, 'the maximum is of the last minutes');
});

test('one name cannot be two kinds of meter, and must be a name', () => {
  const table = meters(fakeClock());
  table.counter('orders', 'Orders');
  assert.throws(
    () => table.histogram('orders', 'Orders'),
    (error) => codeOf(error) === 'TELEMETRY_METER_CONFLICT' && /"orders" is a counter already/.test(String(error)),
  );
  assert.throws(() => table.counter('http.server', ''), /"http\.server" is not a metric name/);
});

test('a gauge that throws is left out and takes no other with it', () => {
  const table = meters(fakeClock());
  table.gauge('broken', 'Broken', () => {
    throw new TypeError('no');
  });
  table.gauge('whole', 'Whole', () => 1);
  assert.match(table.prometheus(), /^whole 1$/m);
  assert.doesNotMatch(table.prometheus(), /^broken/m);
});

test('a gauge has a reader for each label set, and the last one of a set counts', () => {
  const table = meters(fakeClock());
  table.gauge('lag', 'Lag', () => 1, { follower: 'a' });
  table.gauge('lag', 'Lag', () => 2, { follower: 'b' });
  table.gauge('lag', 'Lag', () => 3, { follower: 'a' });
  assert.match(table.prometheus(), /^lag\{follower="a"\} 3$/m);
  assert.match(table.prometheus(), /^lag\{follower="b"\} 2$/m);
});

test('senseless values are not counted', () => {
  const table = meters(fakeClock());
  table.counter('count', '').add(-1);
  table.counter('count', '').add(Number.NaN);
  table.histogram('time', '').record(Number.NaN);
  assert.doesNotMatch(table.prometheus(), /^(count_total|time_sum)/m);
});
