import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { ManagementResponse } from '@dure/core';
import { codeOf } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { Explanation } from '../observe/explanations.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';

/** An instance whose answers are statuses that a test sets, by path; it counts what it is asked. */
async function moodyInstance(statusOf: (path: string) => number) {
  const asked = new Map<string, number>();
  const server = createServer(({ url = '', headers }, response) => {
    const path = url.split('/')[1] ?? '';
    asked.set(path, (asked.get(path) ?? 0) + 1);
    response.statusCode = statusOf(path);
    response.end(JSON.stringify({ budget: headers['dure-retry-budget'] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked: (path: string) => asked.get(path) ?? 0,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

test('an operation that keeps failing at an instance is not asked there for a while; its other operations are', async () => {
  let status = 500;
  await using moody = await moodyInstance((path) => (path === 'things' ? status : 200));
  const clock = fakeClock();
  await using gateway = await openGateway({ exposes: [things] }, { clock });
  gateway.instances.set('things', [localInstance('things', moody.port)]);
  const get = async (path: string, init?: RequestInit) => {
    const answer = await fetch(gateway.origin + path, init);
    return { status: answer.status, text: await answer.text(), retryAfter: answer.headers.get('retry-after') };
  };
  for (let call = 0; call < 10; call += 1) assert.equal((await get('/things/7')).status, 500);
  const refused = await get('/things/7');
  assert.deepEqual([refused.status, JSON.parse(refused.text).code], [503, 'GATEWAY_BREAKER_OPEN']);
  assert.equal(refused.retryAfter, '2', 'when the breaker tries again');
  assert.equal(moody.asked('things'), 10);
  assert.equal((await get('/orders', { method: 'POST', body: '{}' })).status, 200);
  status = 200;
  await clock.advance(2_000);
  for (let call = 0; call < 5; call += 1) assert.equal((await get('/things/7')).status, 200);
  const shown = await gateway.endpoints
    .get('circuitbreakers')
    ?.handle({ method: 'GET', path: [], query: {}, body: undefined });
  assert.match(JSON.stringify(shown?.body), new RegExp(`things:${moody.port} readThing.*CLOSED`));
  const metrics = gateway.telemetry.metrics.prometheus();
  for (const kind of ['opened', 'half-opened', 'closed', 'rejected'])
    assert.match(metrics, new RegExp(`dure_gateway_breaker_events\\S*\\{[^}]*kind="${kind}"`));
});

test('while one of two instances fails, its breaker sends its share to the other', async () => {
  await using bad = await moodyInstance(() => 503);
  await using well = await moodyInstance(() => 200);
  await using gateway = await openGateway({
    exposes: [things],
    breaker: { window: 4, minimumCalls: 2, openMs: 60_000 },
  });
  gateway.instances.set('things', [localInstance('things', bad.port), localInstance('things', well.port)]);
  const statuses: number[] = [];
  for (let call = 0; call < 60; call += 1) statuses.push((await fetch(`${gateway.origin}/things/7`)).status);
  assert.ok(statuses.filter((status) => status !== 200).length <= 2, statuses.join(' '));
  assert.ok(bad.asked('things') <= 2);
});

test("a caller's own mistakes, and limits on callers, open no breaker", async () => {
  let status = 404;
  await using moody = await moodyInstance(() => status);
  await using gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', moody.port)]);
  for (status of [404, 409, 429])
    for (let call = 0; call < 20; call += 1) assert.equal((await fetch(`${gateway.origin}/things/7`)).status, status);
});

test('requests are sent again only as far as the budget reaches', async () => {
  const answers = async (ratio: number, perSecond: number) => {
    await using dead = await scriptedUpstream((socket) => socket.destroy());
    await using other = await scriptedUpstream((socket) => socket.destroy());
    const clock = fakeClock();
    await using gateway = await openGateway(
      { exposes: [things], breaker: 'off', retryBudget: { ratio, perSecond } },
      { clock },
    );
    gateway.instances.set('things', [localInstance('things', dead.port), localInstance('things', other.port)]);
    for (let call = 0; call < 20; call += 1) assert.equal((await fetch(`${gateway.origin}/things/7`)).status, 502);
    const metrics = gateway.telemetry.metrics.prometheus();
    const refused = /dure_gateway_retries\S*\{[^}]*result="refused"[^}]*\} (\d+)/.exec(metrics)?.[1];
    return { sent: dead.received.length + other.received.length, refused: Number(refused ?? 0) };
  };
  assert.deepEqual(await answers(0.2, 0), { sent: 24, refused: 16 });
  assert.deepEqual(await answers(0, 0.1), { sent: 21, refused: 19 });
  assert.deepEqual(await answers(1, 10), { sent: 40, refused: 0 });
});

test('the service hears how often it may send on again: as a rule twice, not at all when this is a repetition', async () => {
  await using well = await scriptedUpstream((socket) => socket.write(plainAnswer('well')));
  await using dead = await scriptedUpstream((socket) => socket.destroy());
  await using gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', dead.port), localInstance('things', well.port)]);
  while (dead.received.length === 0) assert.equal((await fetch(`${gateway.origin}/things/7`)).status, 200);
  assert.match(dead.received[0] ?? '', /dure-retry-budget: 2\r\n/);
  assert.match(well.received.join(''), /dure-retry-budget: 0\r\ndure-attempt: 2\r\n/);
});

test('limits that make no sense stop the start', async () => {
  const refused = (error: unknown) => codeOf(error) === 'RESILIENCE_OPTION_INVALID';
  await assert.rejects(openGateway({ exposes: [things], breaker: { failureRatio: 2 } }), refused);
  await assert.rejects(openGateway({ exposes: [things], retryBudget: { ratio: 7 } }), refused);
});

test('whoever has the id of a request learns which instances were asked and how they answered', async () => {
  await using moody = await moodyInstance(() => 200);
  await using gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', moody.port)]);
  const answer = await fetch(`${gateway.origin}/things/1`);
  await answer.text();
  const id = answer.headers.get('dure-request-id') ?? '';
  const ask = (path: readonly string[]) =>
    gateway.endpoint.handle({ method: 'GET', path, query: {}, body: undefined }) as ManagementResponse;
  await until('the request is remembered', () => ask(['requests', id]).status === 200);
  const body = ask(['requests', id]).body as Explanation;
  const [note] = body.notes;
  assert.deepEqual([body.route, body.status, body.caller], ['things.readThing', 200, 'nobody']);
  assert.deepEqual([note?.what, note?.text], ['attempt', `1: things:${moody.port}, 200`]);
  assert.equal(ask(['requests', 'unknown']).status, 404);
});
