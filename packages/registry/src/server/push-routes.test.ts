import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import type { HttpResponse } from '@dure/service/server';
import { registryCluster } from '../testing/registry-cluster.ts';
import { acknowledgePath, leaving, positionText, pushPath, retryAfterHeader } from '../wire/push-stream.ts';
import { pushRoutes } from './push-routes.ts';

function open(change: Parameters<typeof registryCluster>[2] = {}) {
  const clock = fakeClock();
  const cluster = registryCluster(clock, ['one'], { maxStreams: 1_000, ...change });
  const [node] = cluster.nodes;
  assert.ok(node);
  const { parts } = node;
  const routes = pushRoutes(parts);
  /** What a caller of this name is answered; a refusal is thrown. */
  const ask = async (subject: string, path: string, query: string, signal?: AbortSignal): Promise<HttpResponse> => {
    const route = routes.find((one) => one.path === path);
    assert.ok(route);
    const identity = { kind: 'service', subject, roles: [], scopes: [] } as const;
    const params = new URLSearchParams(query);
    const request = { method: route.method, url: path, params: {}, query: params, headers: {}, body: new Uint8Array() };
    return route.handle(request, testCall(signal === undefined ? { identity } : { identity, signal }));
  };
  const follow = (subject: string, process: string, signal?: AbortSignal) =>
    ask(subject, pushPath, `process=${process}`, signal);
  const say = (subject: string, process: string, at: string) =>
    ask(subject, acknowledgePath, `process=${process}&at=${at}`);
  return { clock, parts, follow, say, [Symbol.dispose]: () => cluster.close() };
}

const isNotYours = (error: unknown) => codeOf(error) === 'REGISTRY_NOT_YOURS';

test('only the caller that opened a process’s stream acknowledges, leaves and follows for it', async () => {
  using registry = open();
  const { parts, follow, say } = registry;
  assert.equal((await follow('order', 'p')).status, 200);
  parts.feed.changed('stock', 'a');
  const at = positionText(parts.feed.position);
  for (const refused of [() => say('stock', 'p', at), () => say('stock', 'p', leaving), () => follow('stock', 'p')])
    await assert.rejects(refused(), isNotYours);
  assert.equal(parts.acknowledgements.behind(parts.feed.version), 1, 'a stranger changed nothing');
  assert.equal((await say('order', 'p', at)).status, 204);
  assert.equal(parts.acknowledgements.behind(parts.feed.version), 0);
  assert.equal((await say('order', 'p', leaving)).status, 204);
});

test('a process keeps its owner while it may come back, and is anybody’s when it is given up', async () => {
  using registry = open();
  const { clock, follow, say } = registry;
  const connection = new AbortController();
  await follow('order', 'p', connection.signal);
  connection.abort();
  await clock.advance(299);
  await assert.rejects(follow('stock', 'p'), isNotYours);
  await clock.advance(2);
  assert.equal((await say('stock', 'p', leaving)).status, 204, 'nobody is there to be told');
  assert.equal((await follow('stock', 'p')).status, 200);
});

test('nobody skips admission: a turn belongs to the caller and process that were given it', async () => {
  using registry = open({ streamsAtOnce: 1, streamsPerSecond: 1 });
  const { clock, follow } = registry;
  assert.equal((await follow('order', 'a')).status, 200);
  const refused = await follow('order', 'b');
  assert.deepEqual([refused.status, refused.headers?.[retryAfterHeader]], [503, '1000']);
  for (const trick of ['c&turn=1', 'c&turn=b']) assert.equal((await follow('order', trick)).status, 503);
  await clock.advance(1_000);
  assert.equal((await follow('stock', 'b')).status, 503, 'another caller');
  assert.equal((await follow('order', 'd')).status, 503, 'another process');
  assert.equal((await follow('order', 'b')).status, 200);
});

/** Opens `clients` streams at once, each coming back when it is told to; the share that the busiest second took. */
async function herd(clients: number, change: Parameters<typeof open>[0]): Promise<number> {
  using registry = open(change);
  const { clock, follow } = registry;
  const opened: number[] = [];
  const come = async (process: string): Promise<void> => {
    const { status, headers } = await follow('order', process);
    if (status === 200) opened.push(Math.floor(clock.monotonicMs() / 1_000));
    else clock.after(Number(headers?.[retryAfterHeader]), () => void come(process));
  };
  await Promise.all(Array.from({ length: clients }, (_, index) => come(`p${index}`)));
  await clock.advance(60_000);
  assert.equal(opened.length, clients, 'everybody came in');
  return (
    Math.max(
      ...Map.groupBy(opened, (second) => second)
        .values()
        .map(({ length }) => length),
    ) / clients
  );
}

test('a herd of 500 is spread: no second opens more than a tenth, while without admission one opens all', async () => {
  assert.ok((await herd(500, { streamsAtOnce: 20, streamsPerSecond: 30 })) <= 0.1);
  assert.equal(await herd(500, { streamsAtOnce: 1_000, streamsPerSecond: 1_000 }), 1);
});
