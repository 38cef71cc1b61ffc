import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemClock } from '@dure/core';
import { runConsole } from '../testing/run-console.ts';

const shared = await runConsole();
after(() => shared[Symbol.asyncDispose]());

test('Zipkin clients can write and read', async () => {
  const now = systemClock.now();
  const list = [
    {
      traceId: 'abc',
      id: '1',
      kind: 'CLIENT',
      name: 'GET /Orders',
      timestamp: now * 1_000,
      duration: 20_711,
      localEndpoint: { serviceName: 'WEB', ipv4: '10.0.0.7', port: 8080 },
      remoteEndpoint: { serviceName: 'orders' },
    },
    {
      traceId: 'abc',
      id: '1',
      kind: 'SERVER',
      name: 'get /orders',
      timestamp: now * 1_000 + 500,
      duration: 20_000,
      localEndpoint: { serviceName: 'orders' },
      shared: true,
      tags: { 'http.method': 'GET', error: 'boom', 'http.status_code': 500 },
      annotations: [{ timestamp: now * 1_000 + 900, value: 'db.acquired' }],
    },
  ];
  const response = await shared.post('/api/v2/spans', list);
  assert.deepEqual([response.status, await response.text()], [202, '']);
  assert.equal((await shared.post('/api/v2/spans', '')).status, 202);
  assert.equal((await shared.post('/api/v2/spans', '[]')).status, 202);
  const from = (path: string) => shared.read<unknown>(path, shared.asService);
  assert.ok(((await from('/api/v2/services')) as string[]).includes('web'));
  assert.deepEqual(await from('/api/v2/spans?serviceName=orders'), ['get /orders']);
  assert.deepEqual(await from('/api/v2/remoteServices?serviceName=WEB'), ['orders']);
  const [found] = (await from(
    '/api/v2/traces?serviceName=orders&annotationQuery=error%20and%20http.method%3DGET&minDuration=1000',
  )) as { shared?: boolean }[][];
  assert.deepEqual(found, await from('/api/v2/trace/abc'));
  assert.deepEqual(
    found?.map((span) => ({ ...span })),
    [
      {
        traceId: '0000000000000abc',
        id: '0000000000000001',
        kind: 'CLIENT',
        name: 'get /orders',
        timestamp: now * 1_000,
        duration: 20_711,
        localEndpoint: { serviceName: 'web' },
        remoteEndpoint: { serviceName: 'orders' },
        tags: {},
      },
      {
        traceId: '0000000000000abc',
        id: '0000000000000001',
        kind: 'SERVER',
        name: 'get /orders',
        timestamp: now * 1_000 + 500,
        duration: 20_000,
        localEndpoint: { serviceName: 'orders' },
        annotations: [{ timestamp: now * 1_000 + 900, value: 'db.acquired' }],
        tags: { 'http.method': 'GET', error: 'boom', 'http.status_code': '500' },
        shared: true,
      },
    ],
  );
  assert.deepEqual(await from(`/api/v2/dependencies?endTs=${now + 1_000}&lookback=60000`), [
    { parent: 'web', child: 'orders', callCount: 1, errorCount: 1 },
  ]);
  for (const [path, code] of [
    ['/api/v2/spans', 400],
    ['/api/v2/traces?limit=x', 400],
    ['/api/v2/traces?maxDuration=1', 400],
    ['/api/v2/dependencies', 400],
    ['/api/v2/trace/XYZ', 400],
    ['/api/v2/traceMany?traceIds=a', 400],
  ] as const) {
    assert.equal(await shared.status(path, shared.asService), code, path);
  }
  const none = await fetch(`${shared.base}/api/v2/trace/ffff`, { headers: shared.asService });
  assert.deepEqual([none.status, await none.text()], [404, 'ffff not found']);
});
