import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@dure/core';
import { rewritePath } from '../filters/request-path.ts';
import { javaExpression } from '../regex/java-expression.ts';
import { route } from '../routing/route.ts';
import type { RouteRule } from '../routing/route-rule.ts';
import { hostilePatterns } from '../testing/hostile-patterns.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { ownTimeMs } from '../testing/own-time.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';

const limits = { maxTargetBytes: 1_000_000, maxHeaderBytes: 1_000_000 };
const inputOf = (pump: string, prefix: string, length: number) =>
  `${prefix}${pump.repeat(Math.ceil(length / pump.length))}\u0001`;

/** How late the event loop is, again and again, in its own time: what the neighbours take is none of its delay. */
function loopDelays() {
  const delays: number[] = [];
  let isOver = false;
  const tick = () => {
    const from = ownTimeMs();
    systemClock.after(2, () => {
      delays.push(Math.max(ownTimeMs() - from - 2, 0));
      if (!isOver) tick();
    });
  };
  tick();
  return {
    /** The worst, and what a hundredth exceeds, in milliseconds. */
    end() {
      isOver = true;
      const sorted = delays.toSorted((one, other) => one - other);
      return { worst: sorted.at(-1) ?? 0, p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0, ticks: sorted.length };
    },
  };
}

/** Sends requests one after the other; their statuses, and how late the loop was meanwhile. */
async function delayed(routes: readonly RouteRule[], paths: readonly string[]) {
  await using upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.endsWith('\r\n\r\n')) socket.write(plainAnswer('fine'));
  });
  await using gateway = await openGateway({ exposes: [], routes, limits });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const statuses = new Map<number, number>();
  for (const path of paths.slice(0, 20)) await fetch(gateway.origin + path); // by then the matcher is compiled
  const delays = loopDelays();
  for (const path of paths) {
    const { status } = await fetch(gateway.origin + path);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  return { ...delays.end(), statuses };
}

const expected = (statuses: ReadonlyMap<number, number>) =>
  assert.deepEqual(
    [...statuses.keys()].filter((status) => ![200, 400, 404].includes(status)),
    [],
  );
const withQuery = (rule: RouteRule, pattern: string): RouteRule => ({
  ...rule,
  match: { ...rule.match, queries: [{ name: 'q', matches: javaExpression(pattern) }] },
});

// A21 of the test catalogue.
test('a hundred hostile patterns, each with 50 KiB that it chokes on, keep the event loop free', async (t) => {
  const to = { service: 'things' };
  const routes = hostilePatterns.map(([pattern], index) =>
    withQuery(route(`r${index}`, { path: `/${index}`, to, access: 'public' }), pattern),
  );
  const paths = hostilePatterns.map(
    ([, pump, prefix = ''], index) => `/${index}?q=${encodeURIComponent(inputOf(pump, prefix, 51_200))}`,
  );
  const { statuses, ...delays } = await delayed(routes, paths);
  t.diagnostic(`${JSON.stringify(delays)} ${JSON.stringify([...statuses])}`);
  expected(statuses);
  assert.ok(delays.p99 < 50, `p99 ${delays.p99} ms`);
});

test('all of them on the routes of one path, where a request is held against each, cost together what one request may', async (t) => {
  const routes = hostilePatterns.map(([pattern], index) =>
    withQuery(route(`r${index}`, { path: '/same', to: { service: 'things' }, access: 'public' }), pattern),
  );
  const texts = [30, 300, 3_000, 51_200].flatMap((length) =>
    ['a', ' ', '1', 'a=a;'].map((pump) => inputOf(pump, '', length)),
  );
  const many = Array.from({ length: 2_000 }, () => 'q=aaaaaaaaaaaa!').join('&');
  const { statuses, ...delays } = await delayed(routes, [
    ...texts.map((text) => `/same?q=${encodeURIComponent(text)}`),
    `/same?${many}`,
  ]);
  t.diagnostic(`${JSON.stringify(delays)} ${JSON.stringify([...statuses])}`);
  expected(statuses);
  assert.ok(delays.worst < 100, `the worst ${delays.worst} ms`);
});

test('rewriting a path of 50 KiB by any of them keeps the event loop free', async (t) => {
  const given = hostilePatterns.filter(([, pump]) => /^[a-z0-9=/.@#-]+$/.test(pump));
  const routes = given.map(([pattern], index) =>
    route(`r${index}`, {
      path: `/${index}/**`,
      to: { service: 'things' },
      access: 'public',
      layers: [rewritePath(pattern, '/x')],
    }),
  );
  const { statuses, ...delays } = await delayed(
    routes,
    given.map(([, pump, prefix = ''], index) => `/${index}/${encodeURIComponent(inputOf(pump, prefix, 51_200))}`),
  );
  t.diagnostic(`${JSON.stringify(delays)} ${JSON.stringify([...statuses])}`);
  assert.ok(delays.p99 < 50, `p99 ${delays.p99} ms`);
});

test('a Cookie field of white space is read in no time', async (t) => {
  const rule = route('c', { path: '/c', to: { service: 'things' }, access: 'public', cookies: { beta: 'yes' } });
  await using gateway = await openGateway({ exposes: [], routes: [rule] });
  const from = ownTimeMs();
  for (const cookie of [`a;${' '.repeat(12_000)}b`, `x${' '.repeat(12_000)}y=1`, `${'; '.repeat(6_000)}z`])
    assert.equal((await fetch(`${gateway.origin}/c`, { headers: { cookie } })).status, 404);
  const took = ownTimeMs() - from;
  t.diagnostic(`${took.toFixed(1)} ms`);
  assert.ok(took < 500, `${took} ms`);
});
