import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testSpan } from '../testing/telemetry-store-contract.ts';
import { latencies } from './latencies.ts';
import { trafficWindow } from './traffic-window.ts';

const start = Date.UTC(2026, 0, 1);
const id = (number: number) => number.toString(16).padStart(16, '0');

test('rates, error ratio and percentiles are of the window', () => {
  const window = trafficWindow();
  const spans = Array.from({ length: 100 }, (_, index) =>
    testSpan({ atMs: 20_000 + index, durationUs: (index + 1) * 1_000, failed: index < 5 }),
  );
  window.add([...spans, testSpan({ kind: 'client' }), testSpan({ kind: 'internal' })], start + 30_000);
  const traffic = window.traffic('order', start + 60_000, 60_000);
  assert.deepEqual([traffic.requests, traffic.errors, traffic.errorRatio], [100, 5, 0.05]);
  assert.equal(traffic.ratePerSecond, 100 / 60);
  assert.ok(Math.abs((traffic.p50Ms ?? 0) - 50) < 6, `${traffic.p50Ms}`);
  assert.ok(Math.abs((traffic.p95Ms ?? 0) - 95) < 10, `${traffic.p95Ms}`);
  assert.deepEqual(window.traffic('order', start + 200_000, 60_000), {
    requests: 0,
    errors: 0,
    ratePerSecond: 0,
    errorRatio: 0,
  });
});

test('the overview has a point for every step, operations by volume, edges and failures', () => {
  const window = trafficWindow();
  const client = testSpan({ spanId: id(1), kind: 'client', atMs: 15_000 });
  const server = testSpan({
    spanId: id(2),
    parentId: id(1),
    service: 'stock',
    operation: 'stock.reserve',
    atMs: 15_001,
    failed: true,
    code: 'X',
    error: 'no',
  });
  window.add([server], start + 16_000); // the parent comes later, as it ends later
  window.add([client, testSpan({ spanId: id(3), atMs: 25_000 })], start + 26_000);
  const view = window.overview(start + 60_000, 60_000);
  assert.equal(view.total.requests, 2);
  assert.deepEqual(view.edges, [{ from: 'order', to: 'stock', calls: 1, errors: 1 }]);
  assert.deepEqual(view.errors, [
    {
      service: 'stock',
      operation: 'stock.reserve',
      code: 'X',
      message: 'no',
      count: 1,
      lastAt: start + 15_002,
      traceId: 'a'.repeat(32),
    },
  ]);
  const stock = view.services.find(({ service }) => service === 'stock');
  assert.deepEqual(
    stock?.operations.map(({ operation, requests }) => [operation, requests]),
    [['stock.reserve', 1]],
  );
  assert.deepEqual(
    stock?.series.map(({ requests }) => requests),
    [1, 0, 0, 0, 0, 0],
  );
});

test('what is older than an hour is forgotten', () => {
  const window = trafficWindow();
  window.add([testSpan({ failed: true })], start + 1_000);
  window.add([], start + 4_000_000);
  const view = window.overview(start + 4_000_000, 3_600_000);
  assert.deepEqual([view.services, view.errors, view.edges], [[], [], []]);
});

test('many names do not fill the memory: the rest is added up as one', () => {
  const window = trafficWindow();
  const spans = Array.from({ length: 500 }, (_, index) =>
    testSpan({ operation: `GET /orders/${index}`, atMs: 15_000 }),
  );
  window.add(spans, start + 20_000);
  const [order] = window.overview(start + 60_000, 60_000).services;
  assert.equal(order?.requests, 500);
  assert.equal(order?.operations.length, 101);
  assert.deepEqual([order?.operations[0]?.operation, order?.operations[0]?.requests], ['…', 400]);
});

test('a percentile is within a tenth of the true one, from a tenth of a millisecond to a minute', () => {
  for (const scale of [0.2, 3, 70, 4_000, 60_000]) {
    const all = latencies();
    for (let index = 1; index <= 1_000; index += 1) all.add((scale * index) / 1_000);
    for (const share of [0.5, 0.95, 0.99]) {
      const found = all.percentile(share) ?? 0;
      assert.ok(Math.abs(found - scale * share) / (scale * share) < 0.1, `p${share * 100} of ${scale}: ${found}`);
    }
  }
  assert.equal(latencies().percentile(0.5), undefined);
});
