import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ids, systemClock, systemRandom } from '@dure/core';
import { openTelemetry } from '@dure/telemetry';
import { memorySink } from '@dure/telemetry/testing';
import fc from 'fast-check';
import type { LogLine, OverviewView, ServiceView, TraceSummary, TraceView } from './contract.ts';
import { otlpLog, otlpTraces } from './testing/otlp-samples.ts';
import type { RunningConsole } from './testing/run-console.ts';
import { runConsole } from './testing/run-console.ts';

const trace = '7c1d02e94ab85f3160d2c7f4b1e8a935';
let shared: RunningConsole;
let cookie: { readonly cookie: string };

before(async () => {
  shared = await runConsole({ services: ['order', 'stock'] });
  cookie = await shared.signIn();
});
after(() => shared[Symbol.asyncDispose]());

async function get<Answer>(path: string, from = shared, headers: Readonly<Record<string, string>> = cookie) {
  const response = await fetch(from.base + path, { headers });
  assert.equal(response.status, 200, `${path}: ${response.status}`);
  return (await response.json()) as Answer;
}

async function status(path: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const response = await fetch(shared.base + path, { headers, redirect: 'manual' });
  await response.arrayBuffer();
  return response.status;
}

test('what telemetry sends can be found again: trace, lines, traffic, process', async () => {
  await using own = await runConsole();
  const session = await own.signIn();
  const clock = systemClock;
  const telemetry = openTelemetry({
    service: 'order',
    instance: 'order:1',
    clock,
    ids: ids(clock, systemRandom),
    random: systemRandom,
    endpoint: own.base,
    authorize: async () => own.asService.authorization,
    stdout: memorySink(),
    level: 'info',
    sampleRatio: 1,
  });
  const root = telemetry.startSpan('order.place', { kind: 'server', attributes: { 'order.id': 'O-1' } });
  const child = telemetry.startSpan('stock.reserve', { kind: 'client', parent: root.context });
  telemetry.log.warn('stock is low', { trace: child.context, sku: 'A-1' });
  child.fail(new TypeError('hung up'));
  child.end();
  root.end();
  await telemetry.close();
  const { traces } = await get<{ traces: TraceSummary[] }>('/api/traces?text=o-1&error=true', own, session);
  assert.deepEqual(
    traces.map((found) => [found.traceId, found.operation, found.spans, found.errors, found.complete]),
    [[root.context.traceId, 'order.place', 2, 1, true]],
  );
  const detail = await get<TraceView>(`/api/traces/${root.context.traceId}`, own, session);
  assert.deepEqual(
    detail.tree.map((span) => [span.operation, span.depth, span.kind, span.failed, span.error]),
    [
      ['order.place', 0, 'server', false, undefined],
      ['stock.reserve', 1, 'client', true, 'hung up'],
    ],
  );
  assert.deepEqual(
    detail.logs.map((line) => [line.message, line.level, line.fields.sku]),
    [['stock is low', 'warn', 'A-1']],
  );
  const overview = await get<OverviewView>('/api/overview', own, session);
  assert.equal(overview.total.requests, 1);
  assert.equal(overview.store.spans, 2);
  assert.equal(overview.errors[0]?.message, 'hung up');
  const { services } = await get<{ services: ServiceView[] }>('/api/services', own, session);
  assert.deepEqual(
    services.map(({ service, status: state }) => [service, state]),
    [['order', 'OFFLINE']],
  );
});

test('nothing but health opens without a session or a token', async () => {
  for (const path of [
    '/',
    '/traces',
    '/index.html',
    '/assets/x.js',
    '/api/services',
    '/api/traces',
    '/api/logs/tail',
    '/api/v2/services',
    `/api/v2/trace/${trace}`,
  ]) {
    assert.equal(await status(path), 401, path);
    assert.equal(await status(path, { cookie: 'dure_console=9999999999999.forged' }), 401, path);
  }
  for (const path of ['/v1/traces', '/v1/logs', '/v1/metrics', '/api/v2/spans']) {
    const response = await fetch(shared.base + path, { method: 'POST', body: '{}', headers: cookie });
    assert.equal(response.status, 401, `${path}: a session is no right to write`);
  }
  assert.equal((await fetch(`${shared.managementBase}/actuator/health`)).status, 200);
  assert.equal((await fetch(`${shared.managementBase}/actuator/console/token`, { method: 'POST' })).status, 401);
});

test('a token opens a session once, and a fresh one can be minted', async () => {
  await using own = await runConsole({ token: 'first' });
  const open = (token: string) => fetch(`${own.base}/traces?token=${token}&service=order`, { redirect: 'manual' });
  const first = await open('first');
  assert.equal(first.status, 303);
  assert.equal(first.headers.get('location'), '/traces?service=order');
  assert.match(
    first.headers.get('set-cookie') ?? '',
    /^dure_console=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
  );
  const again = await open('first');
  assert.equal(again.status, 401);
  assert.match(await again.text(), /dure status/);
  assert.equal((await open('')).status, 401);
  const minting = await fetch(`${own.managementBase}/actuator/console/token`, {
    method: 'POST',
    headers: own.asService,
  });
  const { token } = (await minting.json()) as { token: string };
  assert.equal((await open(token)).status, 303);
  assert.equal((await open(token)).status, 401);
});

test('a session and a spent token outlive a restart', async () => {
  const stateFolder = mkdtempSync(join(tmpdir(), 'dure-console-restart-'));
  const first = await runConsole({ stateFolder });
  const session = await first.signIn();
  await first[Symbol.asyncDispose]();
  await using second = await runConsole({ stateFolder });
  assert.equal((await fetch(`${second.base}/api/services`, { headers: session })).status, 200);
  assert.equal((await fetch(`${second.base}/?token=once`, { redirect: 'manual' })).status, 401);
  rmSync(stateFolder, { recursive: true });
});

test('a browser that was led here by a name of others is turned away', async () => {
  const ask = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = new URL(shared.base);
      const asked = httpRequest(
        { port, host: '127.0.0.1', path: '/api/services', headers: { host, ...cookie } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      asked.on('error', reject).end();
    });
  assert.equal(await ask('127.0.0.1:9411'), 200);
  assert.equal(await ask('localhost:9411'), 200);
  assert.equal(await ask('[::1]:9411'), 200);
  for (const host of ['evil.example', 'localhost.evil.example:9411', '127.0.0.1.evil.example'])
    assert.equal(await ask(host), 403, host);
});

test('a link on another site leads in by a page of our own', async () => {
  await using own = await runConsole();
  const response = await fetch(`${own.base}/?token=once`, {
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'cross-site' },
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('refresh'), '0; url=/');
});

test('the way back after signing in never leads elsewhere', async () => {
  await using own = await runConsole();
  const response = await fetch(`${own.base}//evil.example/?token=once`, { redirect: 'manual' });
  assert.equal(new URL(response.headers.get('location') ?? '/', own.base).origin, new URL(own.base).origin);
});

test('the pages are served with a strict policy, and every path is a page', async () => {
  const page = await fetch(`${shared.base}/traces/${trace}`, { headers: cookie });
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/);
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(page.headers.get('cache-control'), 'no-cache');
  const html = await page.text();
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? '';
  const asset = await fetch(shared.base + script, { headers: cookie });
  assert.equal(asset.headers.get('content-type'), 'text/javascript; charset=utf-8');
  assert.match(asset.headers.get('cache-control') ?? '', /immutable/);
  await asset.arrayBuffer();
  for (const path of ['/assets/none.js', '/api/none', '/v1/traces', '/..%2f..%2fpackage.json', '/.sources']) {
    assert.equal(await status(path, cookie), 404, path);
  }
});

test('gzip is taken', async () => {
  const body = gzipSync(
    JSON.stringify(
      otlpTraces('packed', [
        { traceId: '1'.repeat(32), spanId: '1'.repeat(16), name: 'a', at: 1_700_000_000_000, ms: 1 },
      ]),
    ),
  );
  const response = await shared.post('/v1/traces', body, { 'content-encoding': 'gzip' });
  assert.deepEqual([response.status, await response.text()], [200, '{}']);
  const { services } = await get<{ services: string[] }>('/api/operations');
  assert.ok(services.includes('packed'));
});

test('one bad span does not lose the batch: the others are kept and the bad ones counted', async () => {
  const good = { traceId: '2'.repeat(32), spanId: '2'.repeat(16), name: 'good', at: 1_700_000_000_000, ms: 1 };
  const response = await shared.post(
    '/v1/traces',
    otlpTraces('mixed', [{ ...good, traceId: 'zz' }, good, { ...good, spanId: '0'.repeat(16) }]),
  );
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {
    partialSuccess: {
      rejectedSpans: '2',
      errorMessage: 'resourceSpans.0.scopeSpans.0.spans.0 has no "traceId" of 32 hexadecimal digits',
    },
  });
  assert.equal((await get<TraceView>(`/api/traces/${good.traceId}`)).spans, 1);
});

const malformed: readonly (readonly [
  name: string,
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
  status: number,
  message: RegExp,
])[] = [
  ['no JSON', '/v1/traces', '{"resourceSpans":', {}, 400, /not JSON in UTF-8/],
  ['nothing', '/v1/logs', '', {}, 400, /not an OTLP request: expected \{\\"resourceLogs\\":\[/],
  ['a list', '/v1/metrics', '[]', {}, 400, /expected \{\\"resourceMetrics\\":\[/],
  ['snake case', '/v1/traces', '{"resource_spans":[]}', {}, 400, /expected \{\\"resourceSpans\\":\[/],
  ['protobuf', '/v1/traces', 'x', { 'content-type': 'application/x-protobuf' }, 415, /only application\/json/],
  ['no gzip', '/v1/traces', '{}', { 'content-encoding': 'gzip' }, 400, /not gzip/],
  ['brotli', '/v1/traces', '{}', { 'content-encoding': 'br' }, 415, /only gzip/],
  [
    'a bomb',
    '/v1/traces',
    gzipSync(Buffer.alloc(32 * 1_048_576, ' ')),
    { 'content-encoding': 'gzip' },
    413,
    /larger than 16777216 bytes when unpacked/,
  ],
  ['no UTF-8', '/v1/traces', new Uint8Array([0x22, 0xff, 0x22]), {}, 400, /not JSON in UTF-8/],
  ['nesting', '/v1/traces', `${'['.repeat(200_000)}`, {}, 400, /not JSON|not an OTLP/],
  ['an object', '/api/v2/spans', '{}', {}, 400, /Expected a JSON_V2 encoded list/],
  [
    'upper case',
    '/api/v2/spans',
    '[{"traceId":"ABCDEF","id":"1"}]',
    {},
    400,
    /span at 0 has a "traceId" that is not 1 to 32 lower-case/,
  ],
  ['no id', '/api/v2/spans', '[{"traceId":"1"}]', {}, 400, /span at 0 has no "traceId" and "id"/],
  ['bad kind', '/api/v2/spans', '[{"traceId":"1","id":"1","kind":"server"}]', {}, 400, /has the kind "server"/],
  ['bad tag', '/api/v2/spans', '[{"traceId":"1","id":"1","tags":{"a":null}}]', {}, 400, /tag "a" that is not text/],
  ['version 1', '/api/v2/spans', '[{"traceId":"1","id":"1","binaryAnnotations":[]}]', {}, 400, /version 1/],
];

for (const [name, path, body, headers, expected, message] of malformed) {
  test(`telemetry that cannot be read is refused with the expected form: ${name} at ${path}`, async () => {
    const response = await shared.post(path, body, headers);
    assert.equal(response.status, expected);
    assert.match(await response.text(), message);
  });
}

test('no JSON whatsoever makes ingest fail', async () => {
  const keys = fc.constantFrom(
    ...[
      'resourceSpans',
      'scopeSpans',
      'spans',
      'resource',
      'attributes',
      'key',
      'value',
      'stringValue',
      'intValue',
      'kvlistValue',
      'values',
      'traceId',
      'spanId',
      'startTimeUnixNano',
      'status',
      'code',
      'events',
      'resourceLogs',
      'scopeLogs',
      'logRecords',
      'body',
      'severityNumber',
      'resourceMetrics',
      'scopeMetrics',
      'metrics',
      'gauge',
      'dataPoints',
      'asInt',
      'id',
      'tags',
      'annotations',
      'localEndpoint',
      '__proto__',
      'constructor',
    ],
  );
  const leaves = fc.oneof(
    fc.constantFrom(trace, '1'.repeat(16), '1700000000000000000', -1, 1e308, 2, null, true, ''),
    fc.string(),
    fc.double(),
    fc.integer(),
  );
  const { any } = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 9, withCrossShrink: true },
      leaves,
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(keys, tie('any'), { maxKeys: 5 }),
    ),
  }));
  const paths = ['/v1/traces', '/v1/logs', '/v1/metrics', '/api/v2/spans'] as const;
  const shapes = fc.oneof(
    any.map((value) => ({
      resourceSpans: [
        {
          resource: value,
          scopeSpans: [
            {
              spans: [
                value,
                {
                  traceId: trace,
                  spanId: '1'.repeat(16),
                  startTimeUnixNano: '1700000000000000000',
                  attributes: value,
                  events: [value],
                  status: value,
                },
              ],
            },
          ],
        },
      ],
    })),
    any.map((value) => ({
      resourceLogs: [
        { resource: value, scopeLogs: [{ logRecords: [value, { body: value, attributes: [{ key: 'a', value }] }] }] },
      ],
    })),
    any.map((value) => ({
      resourceMetrics: [{ scopeMetrics: [{ metrics: [value, { name: 'a', gauge: { dataPoints: [value] } }] }] }],
    })),
    any.map((value) => [
      { traceId: '1', id: '2', tags: value, annotations: value, localEndpoint: value, timestamp: value },
      value,
    ]),
    any,
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), shapes, async (path, body) => {
      const response = await shared.post(path, JSON.stringify(body) ?? 'null');
      await response.arrayBuffer();
      assert.ok(response.status < 500, `${path} answered ${response.status}`);
    }),
    { numRuns: 300 },
  );
  await get('/api/traces?limit=500');
  await get('/api/logs');
  await get('/api/overview');
});

test('a query that does not fit names its fields', async () => {
  const response = await fetch(`${shared.base}/api/traces?limit=0&error=maybe`, { headers: cookie });
  assert.equal(response.status, 400);
  const problem = (await response.json()) as { code: string; errors: { path: string }[] };
  assert.equal(problem.code, 'CONSOLE_QUERY_INVALID');
  assert.deepEqual(problem.errors.map(({ path }) => path).sort(), ['query.error', 'query.limit']);
  const unknown = await fetch(`${shared.base}/api/traces/${'f'.repeat(32)}`, { headers: cookie });
  assert.equal(unknown.status, 404);
  assert.equal(((await unknown.json()) as { refusal: string }).refusal, 'UnknownTrace');
});

test('the log can be followed live, through a filter', async () => {
  const leave = new AbortController();
  const response = await fetch(`${shared.base}/api/logs/tail?level=warn&service=tailed`, {
    headers: cookie,
    signal: leave.signal,
  });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.ok(response.body);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, 'retry: 2000\n\n');
  const at = systemClock.now();
  await shared.post('/v1/logs', otlpLog('tailed', { at, message: 'not this', severity: 9 }));
  await shared.post('/v1/logs', otlpLog('other', { at, message: 'nor this', severity: 17 }));
  await shared.post('/v1/logs', otlpLog('tailed', { at, message: 'this', severity: 13 }));
  const event = (await reader.read()).value ?? '';
  const line = JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '{}') as LogLine;
  assert.deepEqual([line.message, line.level, line.time], ['this', 'warn', at]);
  assert.match(event, new RegExp(`^id: ${line.id}$`, 'm'));
  leave.abort();
});

test('services are listed with the health that their instances tell', async () => {
  const answers: Readonly<Record<string, object>> = {
    up: { status: 'UP', components: { database: { status: 'UP', details: { version: '18' } } } },
    down: { status: 'DOWN' },
  };
  const management = async (name: string) => {
    const server = createServer((request, response) => {
      assert.equal(request.headers.authorization, 'Bearer service');
      response
        .writeHead(name === 'down' ? 503 : 200, { 'content-type': 'application/json' })
        .end(JSON.stringify(answers[name]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  };
  const servers = await Promise.all([management('up'), management('down')]);
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  const instance = (service: string, number: number, managementPort: number | undefined) => ({
    id: `${service}:${number}`,
    service,
    host: '127.0.0.1',
    port: 1,
    managementPort,
    zone: undefined,
    metadata: {},
  });
  await using own = await runConsole({
    services: ['order', 'stock', 'gone', 'absent'],
    instances: {
      order: [instance('order', 1, ports[0]), instance('order', 2, ports[1])],
      stock: [instance('stock', 1, ports[1])],
      gone: [instance('gone', 1, 1)],
    },
  });
  const { services } = await get<{ services: ServiceView[] }>('/api/services', own, await own.signIn());
  assert.deepEqual(
    services.map((one) => [one.service, one.status, one.expected, one.instances.map(({ status: state }) => state)]),
    [
      ['absent', 'OFFLINE', true, []],
      ['gone', 'OFFLINE', true, ['OFFLINE']],
      ['order', 'UP', true, ['UP', 'DOWN']],
      ['stock', 'DOWN', true, ['DOWN']],
    ],
  );
  assert.deepEqual(services[2]?.instances[0]?.parts, [{ name: 'database', status: 'UP', details: { version: '18' } }]);
  for (const server of servers) server.close();
});

test('what was stored is there after a restart, and the traffic of the last hour with it', async () => {
  const stateFolder = mkdtempSync(join(tmpdir(), 'dure-console-again-'));
  const first = await runConsole({ stateFolder });
  const session = await first.signIn();
  const now = systemClock.now();
  const spans = [{ traceId: trace, spanId: '1'.repeat(16), name: 'order.place', at: now - 60_000, ms: 20 }];
  await first.post('/v1/traces', otlpTraces('order', spans));
  await first[Symbol.asyncDispose]();
  await using second = await runConsole({ stateFolder });
  assert.equal((await get<TraceView>(`/api/traces/${trace}`, second, session)).spans, 1);
  const overview = await get<OverviewView>('/api/overview', second, session);
  assert.deepEqual(
    overview.services.map(({ service, requests }) => [service, requests]),
    [['order', 1]],
  );
  rmSync(stateFolder, { recursive: true });
});

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
  const from = (path: string) => get<unknown>(path, shared, shared.asService);
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
    assert.equal(await status(path, shared.asService), code, path);
  }
  const none = await fetch(`${shared.base}/api/v2/trace/ffff`, { headers: shared.asService });
  assert.deepEqual([none.status, await none.text()], [404, 'ffff not found']);
});
