import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { localInstance, openProxy } from '../testing/open-proxy.ts';
import { rawClient, sendRaw } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { until, within } from '../testing/until.ts';
import type { RouterOptions } from './router-service.ts';
import { routerService } from './router-service.ts';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** A router in front of one instance of `order` that is a Node.js server. */
async function routerTo(handle: Handle, options: RouterOptions = { services: ['order', 'stock'] }) {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const router = await openProxy(routerService(options));
  const { port } = server.address() as AddressInfo;
  router.instances.set('order', [localInstance('order', port)]);
  return {
    router,
    server,
    port,
    async [Symbol.asyncDispose]() {
      await router.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const echo: Handle = (incoming, response) => {
  let body = '';
  incoming.setEncoding('utf8');
  incoming.on('data', (piece: string) => {
    body += piece;
  });
  incoming.on('end', () => {
    const { method, url, headers } = incoming;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, headers, body }));
  });
};

test('the first segment names the service, the rest of the path and the query reach it unchanged', async () => {
  await using world = await routerTo(echo);
  for (const [path, wanted] of [
    ['/order/orders/7?x=1&y=%EA%B9%80', '/orders/7?x=1&y=%EA%B9%80'],
    ['/order/a%20b/', '/a%20b/'],
    ['/order', '/'],
    ['/order/', '/'],
    ['/order?x=1', '/?x=1'],
    ['/ORDER/orders', '/orders'],
    ['/order/order/x', '/order/x'],
  ]) {
    const seen = await (await fetch(world.router.origin + path, { method: 'POST', body: 'all' })).json();
    assert.deepEqual([seen.method, seen.url, seen.body], ['POST', wanted, 'all'], path);
  }
});

test("the caller's own credentials and trace pass, nothing is added to them, and internal fields are not believed", async () => {
  await using world = await routerTo(echo);
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const given = { authorization: 'Bearer own', cookie: 'a=1', traceparent, 'dure-attempt': '9', forwarded: 'for=x' };
  const { headers } = await (await fetch(`${world.router.origin}/order/x`, { headers: given })).json();
  assert.deepEqual([headers.authorization, headers.cookie], ['Bearer own', 'a=1']);
  assert.match(headers.traceparent, new RegExp(`^00-${'a'.repeat(32)}-(?!${'b'.repeat(16)})`));
  assert.equal(headers['dure-attempt'], undefined);
  assert.equal(headers['x-forwarded-prefix'], '/order');
  assert.match(headers.forwarded, /^for=127\.0\.0\.1;/);
  const bare = await (await fetch(`${world.router.origin}/order/x`)).json();
  assert.equal(bare.headers.authorization, undefined);
  await until('four spans have ended', () => world.router.telemetry.spans.length === 4);
  assert.equal(world.router.telemetry.spans.filter(({ parentId }) => parentId === 'b'.repeat(16)).length, 1);
});

test('paths in Location lead through the router again, whole URLs stay', async () => {
  await using world = await routerTo((incoming, response) => {
    const location = incoming.url === '/path' ? '/orders/7?x=1' : incoming.url === '/relative' ? '7' : '//other/7';
    response.writeHead(201, { location, 'content-location': 'http://elsewhere/7' }).end();
  });
  const locationOf = async (path: string) => {
    const { headers } = await fetch(`${world.router.origin}/order${path}`, { method: 'POST' });
    assert.equal(headers.get('content-location'), 'http://elsewhere/7');
    return headers.get('location');
  };
  assert.equal(await locationOf('/path'), '/order/orders/7?x=1');
  assert.equal(await locationOf('/relative'), '7');
  assert.equal(await locationOf('/host'), '//other/7');
});

test('programs of the system hear whose answers were stood in for', async () => {
  const field = 'product.getProduct;kind=last-good;age=12';
  await using world = await routerTo((_, response) => response.setHeader('dure-fallback', field).end());
  const answer = await fetch(`${world.router.origin}/order/x`);
  assert.equal(answer.headers.get('dure-fallback'), field);
});

test('an unknown service is 404 and names those that there are; a known one without an instance is 503', async () => {
  await using world = await routerTo(echo);
  const answer = async (path: string) => {
    const response = await fetch(world.router.origin + path);
    return { status: response.status, retryAfter: response.headers.get('retry-after'), ...(await response.json()) };
  };
  const unknown = await answer('/oder/x');
  assert.deepEqual([unknown.status, unknown.code], [404, 'GATEWAY_SERVICE_UNKNOWN']);
  assert.match(unknown.detail, /"oder"; the router knows: order, stock$/);
  assert.match((await answer('/')).detail, /names no service/);
  for (const path of ['/router/x', '/__proto__/x', '/constructor', '/%20/x'])
    assert.equal((await answer(path)).code, 'GATEWAY_SERVICE_UNKNOWN', path);
  const none = await answer('/stock/x');
  assert.deepEqual([none.status, none.code, none.retryAfter], [503, 'GATEWAY_NO_INSTANCE', '1']);
});

test('a service that nobody named is reached, and listed, while it has an instance', async () => {
  await using world = await routerTo(echo, { services: ['order'] });
  const legacy = localInstance('billing', world.port);
  const listed = async () => (await world.router.endpoint.handle({ method: 'GET', path: [], query: {} } as never)).body;
  world.router.instances.set('billing', [legacy]);
  assert.equal((await fetch(`${world.router.origin}/Billing/x`)).status, 200);
  assert.deepEqual(await listed(), { billing: [legacy.id], order: [`order:${world.port}`] });
  world.router.instances.set('billing', []);
  assert.equal((await fetch(`${world.router.origin}/billing/x`)).status, 404);
  assert.deepEqual(await listed(), { order: [`order:${world.port}`] });
});

test('it is ready once it has seen every service, and stays so when one goes', async () => {
  await using world = await routerTo(echo);
  const health = async () => (await world.router.health.find(({ name }) => name === 'instancesSeen')?.check())?.status;
  assert.equal(await health(), 'OUT_OF_SERVICE');
  world.router.instances.set('stock', [localInstance('stock', world.port)]);
  assert.equal(await health(), 'UP');
  world.router.instances.set('stock', []);
  assert.equal(await health(), 'UP');
});

test('a name that is not this machine, and a page of another origin, are refused', async () => {
  await using world = await routerTo(echo);
  const { port } = world.router;
  const ask = (host: string, field = '') =>
    sendRaw(port, `GET /order/x HTTP/1.1\r\nhost: ${host}\r\n${field}connection: close\r\n\r\n`);
  for (const host of ['evil.example', `rebound.example:${port}`, '10.0.0.1', '127.0.0.1.evil.example'])
    assert.match(await ask(host), /^HTTP\/1\.1 403 .*GATEWAY_NOT_LOCAL/s, host);
  for (const field of ['origin: http://evil.example\r\n', 'sec-fetch-site: cross-site\r\n', 'origin: null\r\n'])
    assert.match(await ask(`127.0.0.1:${port}`, field), /^HTTP\/1\.1 403 .*GATEWAY_NOT_LOCAL/s, field);
  for (const host of [`localhost:${port}`, '127.0.0.2', '[::1]', 'order.localhost'])
    assert.match(await ask(host), /^HTTP\/1\.1 200 /, host);
});

test('it listens on the loopback address, whatever host it is given', async () => {
  await using router = await openProxy(routerService(), { host: '0.0.0.0' });
  const other = createServer();
  await assert.doesNotReject(
    new Promise<void>((resolve, reject) => {
      other.once('error', reject);
      other.listen({ host: '127.0.0.2', port: router.port, exclusive: true }, resolve);
    }),
  );
  await new Promise((resolve) => other.close(resolve));
});

test('what may be repeated by its method is sent to another instance when one hung up, a POST is not, key or no key', async () => {
  const ask = async (init: RequestInit) => {
    await using dead = await scriptedUpstream((socket) => socket.destroy());
    await using well = await scriptedUpstream((socket) => socket.write(plainAnswer('well')));
    await using router = await openProxy(routerService({ services: ['order'] }));
    router.instances.set('order', [localInstance('order', dead.port), localInstance('order', well.port)]);
    const statuses: number[] = [];
    while (dead.received.length === 0) statuses.push((await fetch(`${router.origin}/order/x`, init)).status);
    return statuses.at(-1);
  };
  for (const method of ['GET', 'DELETE', 'OPTIONS']) assert.equal(await ask({ method }), 200, method);
  assert.equal(await ask({ method: 'PUT', body: 'x' }), 200);
  assert.equal(await ask({ method: 'PATCH', body: 'x' }), 502);
  assert.equal(await ask({ method: 'POST', body: 'x', headers: { 'idempotency-key': 'k' } }), 502);
});

// Regression: the router dropped the field and allowed two retries anew, so that each hop through it multiplied them.
test('the retries that a caller still allows are passed on, one fewer, and honoured', async () => {
  await using world = await routerTo(echo);
  const passedOn = async (budget: string | undefined) => {
    const given = budget === undefined ? {} : { 'dure-retry-budget': budget };
    const answer = await fetch(`${world.router.origin}/order/x`, { headers: given });
    return (await answer.json()).headers['dure-retry-budget'];
  };
  const passed = [undefined, '0', '1', '2', '3', '99', '-1', 'many'].map(passedOn);
  assert.deepEqual(await Promise.all(passed), ['2', '0', '0', '1', '2', '2', '2', '2']);
  const statusOf = async (budget: string) => {
    await using dead = await scriptedUpstream((socket) => socket.destroy());
    await using well = await scriptedUpstream((socket) => socket.write(plainAnswer('well')));
    await using router = await openProxy(routerService({ services: ['order'] }));
    router.instances.set('order', [localInstance('order', dead.port), localInstance('order', well.port)]);
    const init = { headers: { 'dure-retry-budget': budget } };
    let status = 0;
    while (dead.received.length === 0) status = (await fetch(`${router.origin}/order/x`, init)).status;
    return status;
  };
  assert.deepEqual([await statusOf('0'), await statusOf('1')], [502, 200]);
});

test('a kept connection that has gone is replaced although the caller allows no retry', async () => {
  await using upstream = await scriptedUpstream((socket, sofar, connection) => {
    if (connection === 0 && sofar.indexOf('GET', 1) > 0) socket.destroy();
    else socket.write(plainAnswer('well'));
  });
  await using router = await openProxy(routerService({ services: ['order'] }));
  router.instances.set('order', [localInstance('order', upstream.port)]);
  const ask = async () => (await fetch(`${router.origin}/order/x`, { headers: { 'dure-retry-budget': '0' } })).status;
  assert.deepEqual([await ask(), await ask()], [200, 200]);
  assert.equal(upstream.received.length, 2);
});

test('an answer that is a stream of events may be silent, arrives piece by piece and ends when the router closes', async () => {
  let send: (text: string) => void = () => {};
  await using world = await routerTo(
    (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      response.flushHeaders();
      send = (text) => void response.write(text);
    },
    { services: ['order'], limits: { stallTimeoutMs: 50 } },
  );
  const client = rawClient(world.router.port);
  client.send('GET /order/events HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await client.hears('text/event-stream');
  send('data: 1\n\n');
  await client.hears('data: 1');
  assert.equal(await within(200, client.isClosed), false);
  send('data: 2\n\n');
  await client.hears('data: 2');
  const closed = world.router.close(5_000);
  assert.match(await client.ended(), /0\r\n\r\n$/);
  await closed;
});

test('bodies stream both ways: the first piece is answered before the last is sent', async () => {
  await using world = await routerTo((incoming, response) => void incoming.pipe(response));
  const { port } = world.router;
  const upload = httpRequest({ port, host: '127.0.0.1', path: '/order/echo', method: 'POST' });
  upload.write('first');
  const [answer] = (await once(upload, 'response')) as [IncomingMessage];
  const [piece] = (await once(answer, 'data')) as [Buffer];
  assert.equal(piece.toString(), 'first');
  upload.end('last');
  const [rest] = (await once(answer, 'data')) as [Buffer];
  assert.equal(rest.toString(), 'last');
});

test('one operation that fails does not take the others away, an instance that is unwell does not get asked', async () => {
  let status = 500;
  await using world = await routerTo((_, response) => void response.writeHead(status).end());
  const ask = async () => (await fetch(`${world.router.origin}/order/x`)).status;
  for (let call = 0; call < 20; call += 1) assert.equal(await ask(), 500);
  status = 502;
  for (let call = 0; call < 50 && (await ask()) === 502; call += 1);
  assert.equal(await ask(), 503);
});

test('what the gateway refuses, the router refuses: methods, limits, ambiguous paths, a silent service', async () => {
  await using world = await routerTo(() => {}, { services: ['order'], timeoutMs: 50, limits: { maxBodyBytes: 4 } });
  const { port, origin } = world.router;
  const ask = (line: string, more = '') =>
    sendRaw(port, `${line} HTTP/1.1\r\nhost: localhost\r\n${more}connection: close\r\n\r\n`);
  assert.match(await ask('TRACE /order/x'), /^HTTP\/1\.1 405 .*allow: GET, HEAD/s);
  assert.match(await ask('CONNECT order:80'), /^HTTP\/1\.1 405 /);
  assert.match(await ask('GET /order/../stock/x'), /^HTTP\/1\.1 400 .*GATEWAY_TARGET_INVALID/s);
  assert.match(await ask('GET /order%2Fx'), /^HTTP\/1\.1 400 .*GATEWAY_TARGET_INVALID/s);
  assert.match(await ask('POST /order/x', 'content-length: 5\r\n'), /^HTTP\/1\.1 413 .*GATEWAY_BODY_TOO_LARGE/s);
  assert.match(await ask('GET /order/x', 'content-length: 1\r\n'), /^HTTP\/1\.1 400 .*GATEWAY_BODY_UNEXPECTED/s);
  const late = await fetch(`${origin}/order/x`);
  assert.deepEqual([late.status, (await late.json()).code], [504, 'GATEWAY_UPSTREAM_TIMEOUT']);
  const text = world.router.telemetry.metrics.prometheus();
  assert.match(text, /dure_router_duration_seconds_count\{[^}]*operation="\*"[^}]*service="order"[^}]*status="504"/);
  assert.match(text, /dure_router_refusals\S*\{[^}]*status="405"[^}]*\} /);
});

test('a program opens a WebSocket with any service through the router', async () => {
  await using world = await routerTo(echo);
  world.server.on('upgrade', (request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.end(`${request.url} ${request.headers['x-forwarded-prefix']}`);
  });
  const handshake = 'Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
  const answer = sendRaw(world.router.port, `GET /order/live?x=1 HTTP/1.1\r\nHost: localhost\r\n${handshake}`);
  assert.match(await answer, /^HTTP\/1\.1 101 .*\/live\?x=1 \/order$/s);
  const page = `GET /order/live HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.test\r\n${handshake}`;
  assert.match(await sendRaw(world.router.port, page), /^HTTP\/1\.1 403 .*GATEWAY_NOT_LOCAL/s);
});
