import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ids, systemClock, systemRandom } from '@dure/core';
import { openTelemetry } from '@dure/telemetry';
import { memorySink } from '@dure/telemetry/testing';
import type { LogLine, OverviewView, ServiceView, TraceSummary, TraceView } from './contract.ts';
import { otlpLog, otlpTraces } from './testing/otlp-samples.ts';
import { runConsole } from './testing/run-console.ts';

const trace = '7c1d02e94ab85f3160d2c7f4b1e8a935';
const shared = await runConsole();
const cookie = await shared.signIn();
after(() => shared[Symbol.asyncDispose]());

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
  const { traces } = await own.read<{ traces: TraceSummary[] }>('/api/traces?text=o-1&error=true', session);
  assert.deepEqual(
    traces.map((found) => [found.traceId, found.operation, found.spans, found.errors, found.complete]),
    [[root.context.traceId, 'order.place', 2, 1, true]],
  );
  const detail = await own.read<TraceView>(`/api/traces/${root.context.traceId}`, session);
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
  const overview = await own.read<OverviewView>('/api/overview', session);
  assert.equal(overview.total.requests, 1);
  assert.equal(overview.store.spans, 2);
  assert.equal(overview.errors[0]?.message, 'hung up');
  const { services } = await own.read<{ services: ServiceView[] }>('/api/services', session);
  assert.deepEqual(
    services.map(({ service, status: state }) => [service, state]),
    [['order', 'OFFLINE']],
  );
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
  const { services } = await own.read<{ services: ServiceView[] }>('/api/services', await own.signIn());
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
  assert.equal((await second.read<TraceView>(`/api/traces/${trace}`, session)).spans, 1);
  const overview = await second.read<OverviewView>('/api/overview', session);
  assert.deepEqual(
    overview.services.map(({ service, requests }) => [service, requests]),
    [['order', 1]],
  );
  rmSync(stateFolder, { recursive: true });
});
