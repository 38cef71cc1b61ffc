import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { test } from 'node:test';
import { balancer, staticInstance, staticInstances } from '@dure/balancer';

import type { Call, Identity } from '@dure/core';
import { anonymous, ids, isRefusal, seededRandom, systemClock, systemRandom, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import { httpClient, httpTransport, outboundLayers } from '../client/index.ts';
import { contract, get, post } from '../contract/index.ts';
import { serviceParts } from '../testing/service-parts.ts';
import type { Registrar } from './registrar.port.ts';
import { service } from './service.ts';
import type { RunningService } from './start-service.ts';
import { startService } from './start-service.ts';

const stock = contract('stock', {
  getStock: get('/stock/:sku', {
    params: z.object({ sku: z.string() }),
    output: z.object({ sku: z.string(), left: z.int() }),
    access: 'public',
    refuses: { UnknownSku: { status: 404, data: z.object({ sku: z.string() }) } },
  }),
  add: post('/stock', {
    body: z.object({ sku: z.string().min(1), count: z.int().positive() }),
    output: z.object({ sku: z.string() }),
    access: 'service',
    idempotent: 'key',
  }),
  watch: get('/stock/:sku/changes', {
    params: z.object({ sku: z.string() }),
    output: z.object({ left: z.int() }),
    stream: true,
    access: 'public',
  }),
  lie: get('/lie', { output: z.object({ left: z.int() }), access: 'public' }),
  slow: get('/slow', { output: z.object({ cut: z.boolean() }), access: 'public' }),
  deadline: get('/deadline', { output: z.object({ leftMs: z.number(), caller: z.string() }), access: 'public' }),
});

let arrivedSlowly = Promise.withResolvers<void>();

const stockService = service({
  contract: stock,
  start: ({ clock, add }) => {
    add.route({
      method: 'GET',
      path: '/raw/*',
      access: 'public',
      handle: ({ params }) => ({ status: 200, body: `raw ${params['*']}` }),
    });
    return {
      getStock: async ({ params }) => {
        if (params.sku === 'none') throw stock.refuse.getStock.UnknownSku({ sku: params.sku });
        return { sku: params.sku, left: 3 };
      },
      add: async ({ body }) => ({ sku: body.sku }),
      watch: async () => counting(),
      lie: async () => ({ left: 'three' }) as never,
      slow: async (_input, call) => {
        arrivedSlowly.resolve();
        return { cut: !(await wait(clock, 150, call.signal)) };
      },
      deadline: async (_input, call) => ({
        leftMs: Math.min(call.deadline - clock.now(), 1e9),
        caller: call.identity.subject,
      }),
    };
  },
});

async function* counting() {
  for (const left of [3, 2, 1]) yield { left };
}

const caller: Identity = { kind: 'service', subject: 'shop', roles: [], scopes: [] };
const platform = {
  instances: staticInstances({}),
  signer: { authorize: async () => 'Bearer shop' },
  verifier: { verify: async (authorization: string) => (authorization === 'Bearer shop' ? caller : anonymous) },
};

const parts = () => serviceParts({ platform, config: {}, graceMs: 500 });

async function withStock(use: (running: RunningService, base: string) => Promise<void>): Promise<void> {
  const running = await startService(stockService, parts());
  try {
    await running.register();
    await use(running, `http://127.0.0.1:${running.port}`);
  } finally {
    await running.close();
  }
}

function clientOf(running: RunningService) {
  const telemetry = silentTelemetry(ids(systemClock, systemRandom));
  const instances = staticInstances({ stock: [staticInstance('stock', `http://127.0.0.1:${running.port}`)] });
  const layers = outboundLayers({
    clock: systemClock,
    random: seededRandom(1),
    telemetry,
    balancer: balancer({ instances, clock: systemClock, random: seededRandom(1) }),
  });
  const transport = httpTransport({ clock: systemClock, signer: platform.signer });
  return { client: httpClient(stock, layers, transport), close: () => transport.close() };
}

test('a client gets the output, a refusal as a value, and the refusal thrown', async () => {
  await withStock(async (running) => {
    const { client, close } = clientOf(running);
    assert.deepEqual(await client.getStock({ params: { sku: 'a/b c' } }, testCall()), { sku: 'a/b c', left: 3 });
    assert.deepEqual(await client.getStock.attempt({ params: { sku: 'none' } }, testCall()), {
      ok: false,
      refusal: { code: 'UnknownSku', data: { sku: 'none' } },
    });
    await assert.rejects(
      client.getStock({ params: { sku: 'none' } }, testCall()),
      (error) => isRefusal(error) && error.status === 404,
    );
    await close();
  });
});

test('a stream arrives item by item and ends', async () => {
  await withStock(async (running, base) => {
    const { client, close } = clientOf(running);
    const items = await Array.fromAsync(await client.watch({ params: { sku: 'a' } }, testCall()));
    assert.deepEqual(items, [{ left: 3 }, { left: 2 }, { left: 1 }]);
    const raw = await fetch(`${base}/stock/a/changes`);
    assert.equal(raw.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal(await raw.text(), 'data: {"left":3}\n\ndata: {"left":2}\n\ndata: {"left":1}\n\n');
    await close();
  });
});

test('the deadline travels as time left, and the caller as a token', async () => {
  await withStock(async (running) => {
    const { client, close } = clientOf(running);
    const call: Call = testCall({ deadline: systemClock.now() + 1_000 });
    const { leftMs } = await client.deadline({}, call);
    assert.ok(leftMs > 500 && leftMs <= 1_000, `${leftMs}`);
    await close();
  });
});

interface BadRequest {
  readonly name: string;
  readonly path: string;
  readonly init?: RequestInit;
  readonly status: number;
  readonly code: string;
}
const json = { 'content-type': 'application/json' };
const trusted = { ...json, authorization: 'Bearer shop', 'idempotency-key': 'k1' };
const badRequests: readonly BadRequest[] = [
  { name: 'a path that is not percent-encoded', path: '/stock/%c0%ae', status: 404, code: 'SERVICE_NOT_FOUND' },
  { name: 'an unknown path', path: '/nowhere', status: 404, code: 'SERVICE_NOT_FOUND' },
  {
    name: 'a wrong method',
    path: '/stock/a',
    init: { method: 'PATCH', headers: json, body: '{}' },
    status: 405,
    code: 'SERVICE_METHOD_NOT_ALLOWED',
  },
  {
    name: 'no token',
    path: '/stock',
    init: { method: 'POST', headers: json, body: '{}' },
    status: 401,
    code: 'SERVICE_TOKEN_MISSING',
  },
  {
    name: 'broken JSON',
    path: '/stock',
    init: { method: 'POST', headers: trusted, body: '{"sku":' },
    status: 400,
    code: 'SERVICE_BODY_MALFORMED',
  },
  {
    name: 'an empty body',
    path: '/stock',
    init: { method: 'POST', headers: trusted },
    status: 400,
    code: 'SERVICE_BODY_MALFORMED',
  },
  {
    name: 'another media type',
    path: '/stock',
    init: { method: 'POST', headers: { ...trusted, 'content-type': 'text/csv' }, body: 'a' },
    status: 415,
    code: 'SERVICE_MEDIA_TYPE',
  },
  {
    name: 'a huge body',
    path: '/stock',
    init: { method: 'POST', headers: trusted, body: JSON.stringify({ sku: 'x'.repeat(2 ** 20) }) },
    status: 413,
    code: 'SERVICE_BODY_TOO_LARGE',
  },
  {
    name: 'wrong fields',
    path: '/stock',
    init: { method: 'POST', headers: trusted, body: '{"sku":"","count":"many"}' },
    status: 400,
    code: 'SERVICE_INPUT_INVALID',
  },
  {
    name: 'no idempotency key',
    path: '/stock',
    init: { method: 'POST', headers: { ...json, authorization: 'Bearer shop' }, body: '{"sku":"a","count":1}' },
    status: 400,
    code: 'SERVICE_IDEMPOTENCY_KEY_MISSING',
  },
  {
    name: 'a deadline that has passed',
    path: '/stock/a',
    init: { headers: { 'dure-timeout-ms': '0' } },
    status: 504,
    code: 'SERVICE_TOO_LATE',
  },
  { name: 'a handler that breaks its contract', path: '/lie', status: 500, code: 'SERVICE_INTERNAL' },
];
for (const { name, path, init, status, code } of badRequests) {
  test(`${name} gets ${status} ${code} as a problem`, async () => {
    await withStock(async (_running, base) => {
      const response = await fetch(base + path, init);
      const problem = (await response.json()) as Record<string, unknown>;
      assert.deepEqual(
        [response.status, response.headers.get('content-type'), problem.code, problem.status],
        [status, 'application/problem+json', code, status],
      );
      assert.doesNotMatch(JSON.stringify(problem), /node_modules|\.ts:|at Object/);
      if (code === 'SERVICE_INPUT_INVALID')
        assert.deepEqual(
          (problem.errors as { path: string }[]).map((error) => error.path),
          ['body.sku', 'body.count'],
        );
      if (status === 405) assert.equal(response.headers.get('allow'), 'GET');
    });
  });
}

test('health is open, everything else on the management port needs a token', async () => {
  await withStock(async (running) => {
    const base = `http://127.0.0.1:${running.managementPort}/actuator`;
    const document = await (await fetch(`${base}/openapi`, { headers: { authorization: 'Bearer shop' } })).json();
    assert.deepEqual([document.openapi, document.info.title], ['3.1.0', 'stock']);
    const open = await fetch(`${base}/health`);
    assert.deepEqual([open.status, await open.json()], [200, { status: 'UP', groups: ['liveness', 'readiness'] }]);
    assert.equal((await fetch(`${base}/metrics`)).status, 401);
    const details = (await (
      await fetch(`${base}/health`, { headers: { authorization: 'Bearer shop' } })
    ).json()) as Record<string, unknown>;
    assert.deepEqual(details.components, { livenessState: { status: 'UP' }, readinessState: { status: 'UP' } });
    assert.equal((await fetch(`${base}/prometheus`, { headers: { authorization: 'Bearer shop' } })).status, 200);
  });
});

test('a raw route gets the rest of the path', async () => {
  await withStock(async (_running, base) => assert.equal(await (await fetch(`${base}/raw/a/b`)).text(), 'raw a/b'));
});

test('a service that stops answers what is in flight and leaves no port open', async () => {
  const running = await startService(stockService, parts());
  await running.register();
  const answer = fetch(`http://127.0.0.1:${running.port}/stock/a`);
  await answer;
  await Promise.all([running.close(), running.close()]);
  await assert.rejects(
    new Promise((resolve, reject) =>
      createConnection(running.port, '127.0.0.1').once('connect', resolve).once('error', reject),
    ),
    { code: 'ECONNREFUSED' },
  );
});

for (const [graceMs, cut] of [
  [5_000, false],
  [50, true],
] as const) {
  test(`a call in flight is ${cut ? 'cut off, and says so, when the grace' : 'not cut off before the grace'} of ${graceMs} ms is over`, async () => {
    arrivedSlowly = Promise.withResolvers();
    const running = await startService(stockService, parts());
    await running.register();
    const asked = fetch(`http://127.0.0.1:${running.port}/slow`);
    await arrivedSlowly.promise;
    await Promise.all([
      running.close({ drainMs: 0, graceMs }),
      asked.then(async (answer) => assert.deepEqual(await answer.json(), { cut })),
    ]);
  });
}

test('a connection that is opened just before the stop gets an answer to its first request', async () => {
  const running = await startService(stockService, parts());
  await running.register();
  const socket = createConnection(running.port, '127.0.0.1');
  await once(socket, 'connect');
  const closing = running.close();
  await wait(systemClock, 30);
  socket.write('GET /stock/a HTTP/1.1\r\nhost: a\r\n\r\n');
  const [head] = (await once(socket, 'data')) as [Buffer];
  assert.match(head.toString(), /^HTTP\/1.1 200 OK\r\n/);
  await closing;
  socket.destroy();
});

test('while the registry is away a drain is asked for again, for as long as there is time', async () => {
  const answers = ['timed-out', 'timed-out', 'drained'] as const;
  let asked = 0;
  const registrar: Registrar = {
    register: async () => ({
      setStatus: async () => {},
      drain: async () => answers[asked++] ?? 'timed-out',
      close: async () => {},
    }),
  };
  const first = await startService(stockService, { ...parts(), registrar });
  await first.register();
  await first.close({ drainMs: 5_000, graceMs: 500 });
  assert.equal(asked, 3);
  const second = await startService(stockService, { ...parts(), registrar });
  await second.register();
  const from = performance.now();
  await second.close({ drainMs: 200, graceMs: 500 });
  assert.ok(asked > 4 && performance.now() - from < 1_000);
});

test('a service that stops is drained and deregistered while it still answers', async () => {
  const steps: string[] = [];
  let base = '';
  const step = async (name: string) => {
    const { status } = await fetch(`${base}/stock/a`);
    steps.push(`${name}: ${status}`);
  };
  const registrar: Registrar = {
    register: async () => ({
      setStatus: async () => {},
      async drain(withinMs) {
        await step(`drain within ${withinMs} ms`);
        return 'drained';
      },
      close: () => step('deregister'),
    }),
  };
  const running = await startService(stockService, { ...parts(), registrar });
  base = `http://127.0.0.1:${running.port}`;
  await running.register();
  await running.close();
  assert.deepEqual(steps, ['drain within 300 ms: 200', 'deregister: 200']);
  await assert.rejects(fetch(`${base}/stock/a`));
});
