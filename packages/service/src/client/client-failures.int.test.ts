import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { test } from 'node:test';
import type { Instance } from '@dure/balancer';
import { balancer, roundRobin, staticInstance, staticInstances } from '@dure/balancer';
import type { DureError } from '@dure/core';
import { DureError as DureErrorValue, isDureError, seededRandom, systemClock } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { z } from 'zod';
import { contract, get, post } from '../contract/index.ts';
import type { TrailStep } from './attempt-trail.ts';
import { httpTransport } from './http-transport.ts';
import { httpClient, localClient } from './make-client.ts';
import { outboundLayers } from './outbound-layers.ts';

const stock = contract('stock', {
  read: get('/stock', { output: z.object({ left: z.int() }), access: 'public', timeoutMs: 60 }),
  write: post('/stock', { access: 'public', timeoutMs: 60 }),
});
const ways = {
  silent: () => undefined,
  hangsUp: (request) => void request.socket.destroy(),
  nonsense: (_request, response) => void response.end('<html>'),
  unavailable: (_request, response) => void response.writeHead(503, { 'retry-after': '0' }).end(),
  broken: (_request, response) =>
    void response
      .writeHead(500)
      .end(JSON.stringify({ status: 500, title: 'no', code: 'SHOP_BROKEN', detail: 'the till is stuck' })),
  gone: undefined,
} satisfies Readonly<Record<string, RequestListener | undefined>>;
type Way = keyof typeof ways;

/** A client over one instance for each way of failing, taken in turn. */
async function clientOver(failing: readonly Way[]) {
  const servers = failing.map((way) => createServer(ways[way] ?? (() => undefined)));
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(
    servers.map((server, at) => (failing[at] === 'gone' ? new Promise((done) => server.close(done)) : undefined)),
  );
  const instances: Instance[] = ports.map((port, at) => ({
    ...staticInstance('stock', `http://127.0.0.1:${port}`),
    id: `stock:${failing[at]}`,
  }));
  const random = seededRandom(1);
  const list = staticInstances({ stock: instances });
  const layers = outboundLayers({
    clock: systemClock,
    random,
    telemetry: silentTelemetry(testIds()),
    balancer: balancer({ instances: list, clock: systemClock, random, rule: roundRobin() }),
  });
  const transport = httpTransport({ clock: systemClock, signer: { authorize: async () => '' } });
  return {
    layers,
    client: httpClient(stock, layers, transport),
    async [Symbol.asyncDispose]() {
      await transport.close();
      for (const server of servers) server.closeAllConnections();
      for (const server of servers) server.close();
    },
  };
}

async function errorOf(call: Promise<unknown>): Promise<DureError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(isDureError(error), String(error));
  return error;
}

const rows: readonly (readonly [readonly Way[], 'read' | 'write', string, readonly string[], RegExp])[] = [
  [[], 'read', 'SERVICE_NO_INSTANCE', ['– balancer'], /no instance of "stock" is up/],
  [['gone'], 'write', 'SERVICE_CONNECT_FAILED', ['stock:gone connection'], /ECONNREFUSED/],
  [['hangsUp'], 'write', 'SERVICE_CONNECT_FAILED', ['stock:hangsUp connection'], /other side closed/],
  [['nonsense'], 'write', 'ok', [], /^$/],
  [['nonsense'], 'read', 'SERVICE_RESPONSE_INVALID', ['stock:nonsense answer'], /not JSON/],
  [['unavailable'], 'write', 'SERVICE_REMOTE', ['stock:unavailable service'], /answered 503/],
  [['broken'], 'read', 'SHOP_BROKEN', ['stock:broken service'], /the till is stuck/],
  [['silent'], 'write', 'RESILIENCE_TIMEOUT', ['stock:silent timeout'], /no answer within 60 ms/],
  [
    ['silent', 'hangsUp', 'unavailable'],
    'read',
    'SERVICE_CONNECT_FAILED',
    ['stock:unavailable service', 'stock:silent timeout', 'stock:hangsUp connection'],
    /\[attempt 3 at stock:hangsUp: connection; before that attempt 2 at stock:silent: timeout \(RESILIENCE_TIMEOUT\), attempt 1 at stock:unavailable: service \(SERVICE_REMOTE\)\]$/,
  ],
];
for (const [failing, operation, code, steps, message] of rows) {
  const over = failing.length === 0 ? 'no instance' : failing.join(', ');
  test(`${operation} over ${over} ends in ${code} and says where and why`, async () => {
    await using world = await clientOver(failing);
    if (code === 'ok') return void (await world.client[operation]({}, testCall()));
    const error = await errorOf(world.client[operation]({}, testCall()));
    const trail = error.details.trail as readonly TrailStep[];
    const met = trail.map(({ instance, layer }) => `${instance ?? '–'} ${layer}`);
    assert.deepEqual([...new Set(met)], steps);
    assert.deepEqual(
      trail.map(({ attempt }) => attempt),
      trail.map((_, index) => index + 1),
    );
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.ok(isDureError(error.cause) && error.cause.code === code, 'the cause is the failure as its layer saw it');
    assert.deepEqual(trail.at(-1)?.message, error.cause.message);
  });
}

test('a breaker that is open says that it was the breaker, and of which instance', async () => {
  await using world = await clientOver(['broken']);
  for (let turn = 0; turn < 30; turn += 1) await errorOf(world.client.read({}, testCall()));
  const error = await errorOf(world.client.read({}, testCall({ attempt: { number: 1, tried: [], budgetLeft: 0 } })));
  assert.deepEqual(
    [error.code, (error.details.trail as TrailStep[])[0]?.layer],
    ['RESILIENCE_BREAKER_OPEN', 'circuit breaker'],
  );
  assert.match(error.message, /stock:broken/);
});

test('the cause of a connection that failed is the socket’s own error', async () => {
  await using world = await clientOver(['gone']);
  const error = await errorOf(world.client.write({}, testCall()));
  const socketError = (error.cause as Error).cause as NodeJS.ErrnoException;
  assert.equal(socketError.code, 'ECONNREFUSED');
});

test('where a service in this process failed to get is not taken for where its caller failed to get', async () => {
  await using world = await clientOver([]);
  let invoked = 0;
  const target = {
    async invoke() {
      invoked += 1;
      throw new DureErrorValue('SERVICE_CONNECT_FAILED', 'upstream', 'bank.pay: no connection', {
        retryable: true,
        details: { instance: 'bank:1', sent: false, trail: [] },
      });
    },
  };
  const local = localClient(stock, world.layers, { service: 'order', scopes: () => [] }, () => target);
  const error = await errorOf(local.write({}, testCall()));
  assert.equal(invoked, 1, 'a write is not repeated because something behind it was never sent');
  assert.deepEqual([error.details.sent, error.details.instance], [undefined, undefined]);
  assert.match(error.message, /bank\.pay: no connection \[attempt 1: /);
});
