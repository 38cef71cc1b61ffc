import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import { forwarding } from '../engine/forwarding.ts';
import { openEdge } from '../testing/open-edge.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { until } from '../testing/until.ts';
import type { MirrorEvent, MirrorOptions } from './mirror.ts';
import { mirror } from './mirror.ts';

/** Two versions of `things` that answer what a test says, and remember what they were sent. */
async function openMirrored(
  options: Partial<MirrorOptions>,
  answerOf: (version: string) => unknown,
  stream?: 'by-type',
) {
  const events: MirrorEvent[] = [];
  const sent: { version: string; method: string; url: string; body: string }[] = [];
  const servers = ['1', '2'].map((version) =>
    createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += String(piece);
      sent.push({ version, method: request.method ?? '', url: request.url ?? '', body });
      const answer = answerOf(version);
      if (answer === 'broken') {
        response.destroy();
        return;
      }
      response.setHeader('content-type', answer === 'stream' ? 'text/event-stream' : 'application/json');
      response.end(JSON.stringify(answer));
    }),
  );
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const instances = servers.map((server, index) => ({
    ...localInstance('things', (server.address() as AddressInfo).port),
    metadata: { version: String(index + 1) },
  }));
  const first: EdgeLayer = (next) => (exchange) => {
    exchange.want = { version: '1' };
    if (stream !== undefined) exchange.destination = { ...exchange.destination, stream };
    return next(exchange);
  };
  const layer = mirror({ version: '2', observe: (event) => events.push(event), ...options });
  const edge = await openEdge([first, layer], { instances, handler: forwarding });
  return {
    events,
    sent,
    ask: (path: string, init?: RequestInit) => fetch(edge.origin + path, init),
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]();
      for (const server of servers) server.close().closeAllConnections();
    },
  };
}

test('a copy goes to the other version once the client has its answer, and what differs is told', async () => {
  await using mirrored = await openMirrored({ compare: { ignore: ['at'] } }, (version) => ({
    total: Number(version),
    at: version,
  }));
  const answer = await mirrored.ask('/things/1?a=b');
  assert.deepEqual(await answer.json(), { total: 1, at: '1' });
  await until('the answers are compared', () => mirrored.events.length === 1);
  const [event] = mirrored.events;
  assert.equal(event?.kind, 'different');
  assert.deepEqual(event?.kind === 'different' ? event.differences : [], ['body total']);
  assert.deepEqual(
    mirrored.sent.map(({ version, url }) => [version, url]),
    [
      ['1', '/things/1?a=b'],
      ['2', '/things/1?a=b'],
    ],
  );
});

test('answers that mean the same are told so, and a POST is copied with its body only where that is asked for', async () => {
  await using mirrored = await openMirrored({ methods: ['GET', 'POST'] }, () => ({ same: true }));
  await (await mirrored.ask('/things', { method: 'POST', body: '{"sku":"A-1"}' })).text();
  await until('the answers are compared', () => mirrored.events.length === 1);
  assert.equal(mirrored.events[0]?.kind, 'same');
  assert.deepEqual(
    mirrored.sent.map(({ version, method, body }) => [version, method, body]),
    [
      ['1', 'POST', '{"sku":"A-1"}'],
      ['2', 'POST', '{"sku":"A-1"}'],
    ],
  );
  await using reading = await openMirrored({}, () => ({ same: true }));
  await (await reading.ask('/things', { method: 'POST', body: '{}' })).text();
  await (await reading.ask('/things/1')).text();
  await until('the read is compared', () => reading.events.length === 1);
  assert.deepEqual(
    reading.sent.map(({ version, method }) => [version, method]),
    [
      ['1', 'POST'],
      ['1', 'GET'],
      ['2', 'GET'],
    ],
  );
});

test('a mirror that breaks, and a body that is too long, cost the client nothing', async () => {
  await using mirrored = await openMirrored({ methods: ['POST'] }, (version) => (version === '2' ? 'broken' : {}));
  assert.equal((await mirrored.ask('/things', { method: 'POST', body: 'x'.repeat(100_000) })).status, 200);
  assert.equal((await mirrored.ask('/things', { method: 'POST', body: 'x' })).status, 200);
  await until('both are told', () => mirrored.events.length === 2);
  const answers = mirrored.events.map((event) => (event.kind === 'skipped' ? event.reason : event.kind)).sort();
  // A hang-up is answered by a problem, which is an answer that differs.
  assert.deepEqual(answers, ['body', 'different']);
});

test('where only the media type tells a stream, answers are compared and streams are not', async () => {
  let answer: unknown = { same: true };
  await using mirrored = await openMirrored({}, () => answer, 'by-type');
  await (await mirrored.ask('/things/1')).text();
  await until('the answers are compared', () => mirrored.events.length === 1);
  answer = 'stream';
  await (await mirrored.ask('/things/2')).text();
  assert.deepEqual(
    mirrored.events.map((event) => (event.kind === 'skipped' ? event.reason : event.kind)),
    ['same', 'stream'],
  );
  assert.deepEqual(
    mirrored.sent.map(({ version, url }) => [version, url]),
    [
      ['1', '/things/1'],
      ['2', '/things/1'],
      ['1', '/things/2'],
    ],
  );
});

test('a mirror without a place to go is refused', () => {
  assert.throws(
    () => mirror({ observe: () => undefined }),
    (error) => codeOf(error) === 'GATEWAY_ROUTE_INVALID',
  );
});
