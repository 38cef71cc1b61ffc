import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../engine/answer.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { forwarding } from '../engine/forwarding.ts';
import { fieldValue } from '../http/field-lines.ts';
import { openEdge } from '../testing/open-edge.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { readMeter } from '../testing/read-meter.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { until } from '../testing/until.ts';
import { cacheLayer } from './cache-layer.ts';
import { ResponseCache } from './response-cache.ts';

/** An edge with a cache before an instance that answers by a script. */
async function cachedEdge(answer: Parameters<typeof scriptedUpstream>[0]) {
  const upstream = await scriptedUpstream(answer);
  const cache = new ResponseCache();
  const instances = [localInstance('things', upstream.port)];
  const edge = await openEdge([cacheLayer({ cache })], { instances, handler: forwarding });
  const close = async () => {
    await edge[Symbol.asyncDispose]();
    await upstream.close();
  };
  return { upstream, edge, cache, [Symbol.asyncDispose]: close };
}

const head = 'HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ntransfer-encoding: chunked\r\n\r\n';

test('the second request is answered without the service, and explained', async () => {
  await using at = await cachedEdge((socket) =>
    socket.write(plainAnswer('hello', '200 OK\r\ncache-control: max-age=60')),
  );
  const first = await fetch(`${at.edge.origin}/things/1`);
  assert.equal(await first.text(), 'hello');
  const second = await fetch(`${at.edge.origin}/things/1`);
  assert.equal(await second.text(), 'hello');
  assert.equal(second.headers.get('age'), '0');
  assert.equal(second.headers.get('cache-status'), 'dure; hit; ttl=59');
  assert.equal(at.edge.arrived.length, 1);
  await until('both are noted', () => at.edge.notes.length >= 3);
  assert.deepEqual(at.edge.notes, [
    'cache: fetched (uri-miss), stored',
    `attempt: 1: things:${at.upstream.port}, 200`,
    'cache: dure; hit; ttl=59',
  ]);
});

test('what the caches do and keep is counted by route and result, for all of them together', async () => {
  const answer = plainAnswer('hello', '200 OK\r\ncache-control: max-age=60');
  await using upstream = await scriptedUpstream((socket) => void socket.write(answer));
  const other = new ResponseCache();
  const instances = [localInstance('things', upstream.port)];
  await using edge = await openEdge([cacheLayer({ cache: other }), cacheLayer()], { instances, handler: forwarding });
  for (const path of ['/things/1', '/things/1', '/things/2']) await (await fetch(edge.origin + path)).text();
  const asked = readMeter(edge.telemetry, 'dure_gateway_cache_requests');
  assert.deepEqual(asked, { 'hit things': 1, 'uri-miss things': 4 });
  assert.deepEqual(readMeter(edge.telemetry, 'dure_gateway_cache_fetches'), { 'stored things': 4 });
  assert.deepEqual(readMeter(edge.telemetry, 'dure_gateway_cache_answers'), { '': 4 });
  assert.ok((readMeter(edge.telemetry, 'dure_gateway_cache_bytes')[''] ?? 0) > other.store.size.bytes);
  other.forget(new URL(edge.origin).host, '/things/1');
  assert.deepEqual(readMeter(edge.telemetry, 'dure_gateway_cache_answers'), { '': 3 });
});

test('whoever has written something to a service is not answered by what was stored before', async () => {
  await using at = await cachedEdge((socket) =>
    socket.write(plainAnswer('hello', '200 OK\r\ncache-control: max-age=60')),
  );
  const ask = async (position: string) => {
    const answer = await fetch(`${at.edge.origin}/things/1`, { headers: { 'dure-position': position } });
    await answer.text();
  };
  for (const position of ['', 'other:3', 'things:3', 'things:3']) await ask(position);
  assert.equal(at.edge.arrived.length, 3);
});

test('bytes reach everybody who waits before the answer is whole', async () => {
  await using at = await cachedEdge((socket) => socket.write(`${head}5\r\nhello\r\n`));
  const clients = [rawClient(at.edge.port), rawClient(at.edge.port), rawClient(at.edge.port)];
  for (const client of clients) client.send('GET /things/1 HTTP/1.1\r\nhost: shop.test\r\n\r\n');
  for (const client of clients) await client.hears('hello');
  assert.equal(at.upstream.received.length, 1);
  at.upstream.sockets[0]?.write('1\r\n!\r\n0\r\n\r\n');
  for (const client of clients) {
    await client.hears('!');
    client.socket.destroy();
  }
  await until('it is stored', () => at.cache.store.size.answers === 1);
});

test('the others get the whole answer when the client that came first leaves in the midst of it', async () => {
  await using at = await cachedEdge((socket) => socket.write(`${head}5\r\nhello\r\n`));
  const [first, second] = [rawClient(at.edge.port), rawClient(at.edge.port)];
  first.send('GET /things/1 HTTP/1.1\r\nhost: shop.test\r\n\r\n');
  await first.hears('hello');
  second.send('GET /things/1 HTTP/1.1\r\nhost: shop.test\r\n\r\n');
  await second.hears('hello');
  first.socket.destroy();
  await until('it has been noticed', () => at.edge.notes.length > 0);
  at.upstream.sockets[0]?.write('1\r\n!\r\n0\r\n\r\n');
  await second.hears('0\r\n\r\n');
  second.socket.destroy();
});

test('when nobody waits any more, the service is left', async () => {
  await using at = await cachedEdge((socket) => socket.write(`${head}5\r\nhello\r\n`));
  const client = rawClient(at.edge.port);
  client.send('GET /things/1 HTTP/1.1\r\nhost: shop.test\r\n\r\n');
  await client.hears('hello');
  client.socket.destroy();
  await until('the connection to the service is closed', () => at.upstream.sockets[0]?.closed === true);
  assert.deepEqual([at.cache.store.size.answers, at.cache.flights.size], [0, 0]);
});

test('a service that is gone is stood in for by what is stored, and refused for where nothing is', async () => {
  await using at = await cachedEdge((socket, sofar) => {
    if (sofar.includes('/things/1') && !sofar.includes('if-none-match'))
      socket.write(plainAnswer('hello', '200 OK\r\netag: "a"\r\ncache-control: max-age=0, stale-if-error=60'));
    else socket.destroy();
  });
  const first = await fetch(`${at.edge.origin}/things/1`);
  assert.equal(await first.text(), 'hello');
  const second = await fetch(`${at.edge.origin}/things/1`);
  assert.deepEqual([second.status, await second.text()], [200, 'hello']);
  assert.equal(second.headers.get('cache-status'), 'dure; fwd=stale; fwd-status=502; detail=stale-if-error');
  const none = await fetch(`${at.edge.origin}/things/2`);
  assert.deepEqual([none.status, (await none.json()).code], [502, 'GATEWAY_UPSTREAM_CLOSED']);
});

test('who wants a stored answer only, and there is none, is told so by 504', async () => {
  await using at = await cachedEdge((socket) => socket.write(plainAnswer('hello')));
  const answer = await fetch(`${at.edge.origin}/things/1`, { headers: { 'cache-control': 'only-if-cached' } });
  assert.deepEqual([answer.status, (await answer.json()).code], [504, 'GATEWAY_NOT_CACHED']);
  assert.equal(at.edge.arrived.length, 0);
});

test('what is answered to somebody in particular is not shown to others', async () => {
  await using at = await cachedEdge((socket) =>
    socket.write(plainAnswer('hello', '200 OK\r\ncache-control: max-age=60')),
  );
  const asAnn = { headers: { authorization: 'Bearer ann' } };
  await (await fetch(`${at.edge.origin}/things/1`, asAnn)).text();
  const other = await fetch(`${at.edge.origin}/things/1`);
  assert.equal(other.headers.get('cache-status'), 'dure; fwd=uri-miss; stored');
  await other.text();
});

test('a long stored answer arrives whole at a client that reads slowly', async () => {
  const body = 'x'.repeat(900_000);
  await using at = await cachedEdge((socket) => socket.write(plainAnswer(body, '200 OK\r\ncache-control: max-age=60')));
  await (await fetch(`${at.edge.origin}/things/1`)).text();
  const client = rawClient(at.edge.port);
  client.socket.pause();
  client.send(`GET /things/1 HTTP/1.1\r\nhost: 127.0.0.1:${at.edge.port}\r\nconnection: close\r\n\r\n`);
  client.socket.resume();
  const received = await client.ended();
  assert.match(received, /cache-status: dure; hit/);
  assert.equal(received.length - received.indexOf('\r\n\r\n') - 4, body.length);
});

test('a client is expected to take something only while something waits for it', async () => {
  let client: Exchange | undefined;
  let answer: Answer | undefined;
  const watched: EdgeLayer = (next) => (exchange) => {
    client = exchange;
    return next(exchange);
  };
  await using edge = await openEdge([watched, cacheLayer()], {
    handler: (exchange) => {
      answer = exchange.answer;
      answer.begin(200, ['cache-control', 'private'], undefined);
    },
  });
  const reader = rawClient(edge.port);
  reader.send('GET /things/1 HTTP/1.1\r\nhost: shop.test\r\n\r\n');
  await until('the answer has begun', () => answer !== undefined);
  reader.socket.pause();
  const piece = Buffer.alloc(100_000, 'x');
  while (answer?.write(piece) === true) await new Promise((resolve) => setImmediate(resolve));
  assert.notEqual(client?.dueAt, Number.POSITIVE_INFINITY);
  reader.socket.resume();
  await until('everything is taken', () => client?.dueAt === Number.POSITIVE_INFINITY);
  reader.socket.destroy();
  await until('the client has gone', () => client?.isClosed === true);
});

test('who is known to ask has no use for credentials to be somebody in particular; who wants a version gets that one', async () => {
  const asUser: EdgeLayer = (next) => (exchange) => {
    const who = fieldValue(exchange.fields, 'x-who');
    if (who !== undefined) exchange.identity = { kind: 'user', subject: who, roles: [], scopes: [] };
    const version = fieldValue(exchange.fields, 'x-version');
    if (version !== undefined) exchange.want = { version };
    return next(exchange);
  };
  let number = 0;
  await using edge = await openEdge([asUser, cacheLayer()], {
    handler: ({ answer }) => {
      number += 1;
      answer.begin(200, ['cache-control', 'max-age=60'], 1);
      answer.end(Buffer.from(String(number)));
    },
  });
  const ask = async (headers: Record<string, string>) => (await fetch(`${edge.origin}/things/1`, { headers })).text();
  assert.equal(await ask({ 'x-who': 'ann' }), '1');
  assert.equal(await ask({}), '2');
  assert.equal(await ask({}), '2');
  assert.equal(await ask({ 'x-version': '2' }), '3');
  assert.equal(await ask({ 'x-version': '2' }), '3');
  assert.equal(await ask({}), '2');
});
