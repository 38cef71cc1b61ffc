import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, messageOf, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { z } from 'zod';
import type { ConfigSource } from './config-source.ts';
import { environmentSource } from './environment-source.ts';
import type { ConfigFollower, ConfigHints } from './hints.ts';
import { secret } from './secret.ts';
import { valuesSource } from './values-source.ts';
import type { ConfigEvent } from './watch-config.ts';
import { watchConfig } from './watch-config.ts';

const own = {
  schema: z.object({ maxLines: z.int().default(50), apiKey: secret(z.string()).optional() }),
};
const limits = {
  at: 'dure.limits',
  schema: z.object({ retry: z.object({ attempts: z.int().min(1).default(3) }).prefault({}) }),
};

/** A source whose values a test edits; an error in their place is thrown, and `held` readings wait to be let go. */
function editable(first: Record<string, unknown>) {
  const state = { values: first as Record<string, unknown> | Error, reads: 0, held: [] as (() => void)[] };
  let isHolding = false;
  const source: ConfigSource = {
    async load(target, signal) {
      state.reads += 1;
      const { values } = state;
      if (isHolding) {
        await new Promise<void>((resolve) => {
          state.held.push(resolve);
          signal?.addEventListener('abort', () => resolve(), { once: true });
        });
      }
      if (values instanceof Error) throw values;
      return valuesSource('server', values).load(target);
    },
  };
  return Object.assign(state, { source, hold: (on: boolean) => (isHolding = on) });
}

async function watching(first: Record<string, unknown> = {}, variables: Record<string, string> = {}) {
  const clock = fakeClock();
  const server = editable(first);
  const events: ConfigEvent[] = [];
  const watch = await watchConfig({
    sections: { own, limits },
    service: 'order',
    profiles: [],
    sources: [server.source, environmentSource(variables)],
    clock,
    random: seededRandom(1),
    observe: (event) => events.push(event),
  });
  const seen: { maxLines: number; attempts: number; keys: readonly string[] }[] = [];
  watch.onChange(({ values, keys }) =>
    seen.push({
      maxLines: values.own.maxLines,
      attempts: values.limits.retry.attempts,
      keys: keys.map(({ key, before, after }) => `${key} ${before} → ${after}`),
    }),
  );
  return { clock, server, events, watch, seen };
}

test('an edit is delivered within five seconds and a half, as one change with its keys', async () => {
  const { clock, server, watch, seen } = await watching({ 'max-lines': 10 });
  await clock.advance(5_500);
  assert.equal(seen.length, 0);
  server.values = { 'max-lines': 20, 'dure.limits.retry.attempts': 5 };
  await clock.advance(5_500);
  assert.deepEqual(seen, [
    { maxLines: 20, attempts: 5, keys: ['dure.limits.retry.attempts 3 → 5', 'maxLines 10 → 20'] },
  ]);
  assert.equal(watch.current.values.limits.retry.attempts, 5);
  server.values = {};
  await clock.advance(5_500);
  assert.deepEqual(seen[1]?.keys, ['dure.limits.retry.attempts 5 → 3', 'maxLines 20 → 50']);
});

test('a change that does not fit is refused with all that came with it, and told once', async () => {
  const { clock, server, events, watch, seen } = await watching({ 'max-lines': 10 });
  server.values = { 'max-lines': 20, 'dure.limits.retry.atempts': 5 };
  await clock.advance(20_000);
  assert.equal(server.reads > 3, true);
  assert.deepEqual(seen, []);
  assert.equal(watch.current.values.own.maxLines, 10);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['refused'],
  );
  assert.match(messageOf(watch.refusal), /dure\.limits\.retry\.atempts .*did you mean dure\.limits\.retry\.attempts\?/);
  server.values = { 'max-lines': 20, 'dure.limits.retry.attempts': 0 };
  await clock.advance(5_500);
  assert.match(messageOf(watch.refusal), /dure\.limits\.retry\.attempts = 0 \(server, server\)/);
  assert.equal(events.length, 2);
  server.values = { 'max-lines': 20 };
  await clock.advance(5_500);
  assert.equal(watch.refusal, undefined);
  assert.equal(seen.length, 1);
});

test('a source that is away changes nothing, and is told once', async () => {
  const { clock, server, events, watch, seen } = await watching({ 'max-lines': 10 });
  server.values = new Error('connection refused');
  await clock.advance(20_000);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['unread'],
  );
  await assert.rejects(watch.refresh(), /connection refused/);
  server.values = { 'max-lines': 10 };
  await clock.advance(5_500);
  assert.deepEqual(seen, []);
  assert.equal(watch.current.values.own.maxLines, 10);
});

test('refresh reads at once, answers the keys that changed, and rejects with a refusal', async () => {
  const { server, watch } = await watching({ 'max-lines': 10 });
  assert.deepEqual(await watch.refresh(), []);
  server.values = { 'max-lines': 11 };
  assert.deepEqual(await watch.refresh(), ['maxLines']);
  server.values = { 'max-lines': 'many' };
  await assert.rejects(watch.refresh(), (error) => codeOf(error) === 'CONFIG_INVALID');
});

test('refreshes during a reading share the one that follows it, so that none misses an edit', async () => {
  const { server, watch, seen } = await watching({ 'max-lines': 10 });
  server.hold(true);
  const first = watch.refresh();
  server.values = { 'max-lines': 11 };
  const later = [watch.refresh(), watch.refresh()];
  assert.equal(server.reads, 2, 'the first of all, and the one under way');
  server.hold(false);
  for (const letGo of server.held) letGo();
  assert.deepEqual(await first, []);
  assert.deepEqual(await Promise.all(later), [['maxLines'], ['maxLines']]);
  assert.equal(server.reads, 3);
  assert.equal(seen.length, 1);
});

test('close ends the reading under way and all that would follow; twice does no harm', async () => {
  const { clock, server, watch, seen, events } = await watching({ 'max-lines': 10 });
  server.hold(true);
  server.values = { 'max-lines': 11 };
  const asked = watch.refresh();
  await watch.close();
  await watch.close();
  assert.deepEqual(await asked, []);
  await clock.advance(60_000);
  assert.deepEqual([server.reads, seen, events, clock.pending], [2, [], [], 0]);
  assert.deepEqual(await watch.refresh(), []);
});

test('a secret that changed is named, its value is not', async () => {
  const { server, watch } = await watching({ 'api-key': 'hunter2' });
  const shown: unknown[] = [];
  watch.onChange(({ keys }) => shown.push(...keys));
  server.values = { 'api-key': 'hunter3' };
  assert.deepEqual(await watch.refresh(), ['apiKey']);
  assert.deepEqual(shown, [{ key: 'apiKey', before: '***', after: '***' }]);
});

test('a listener that throws keeps nobody else from hearing', async () => {
  const { server, watch, seen, events } = await watching({});
  const end = watch.onChange(() => assert.fail('broken'));
  watch.onChange(({ values }) => void seen.push({ maxLines: values.own.maxLines, attempts: 0, keys: [] }));
  server.values = { 'max-lines': 1 };
  await watch.refresh();
  assert.equal(seen.length, 2);
  assert.equal(events[0]?.kind, 'failed');
  end();
});

test('a section at a prefix has its own keys, the environment on top, and leaves the top alone', async () => {
  const { server, watch } = await watching(
    { 'dure.limits.retry.attempts': 4, 'dure.other.thing': 1 },
    { DURE_ORDER__DURE_LIMITS_RETRY_ATTEMPTS: '9', DURE_ORDER__MAX_LINES: '2' },
  );
  assert.deepEqual([watch.current.values.limits.retry.attempts, watch.current.values.own.maxLines], [9, 2]);
  assert.equal(watch.current.explain().find(({ key }) => key === 'dure.limits.retry.attempts')?.overrides[0]?.value, 4);
  server.values = { 'dure.limits.retry.attempts': 7 };
  assert.deepEqual(await watch.refresh(), [], 'the environment wins');
});

test('a hint that names no version does not make one forgotten that did', async () => {
  const clock = fakeClock();
  const server = editable({ 'max-lines': 10 });
  const followers: ConfigFollower[] = [];
  const hints: ConfigHints = {
    follow(follower) {
      followers.push(follower);
      return { isOpen: true, tell: () => undefined, close: async () => undefined };
    },
  };
  const options = { sections: { own }, service: 'order', profiles: [], sources: [server.source], hints };
  await using watch = await watchConfig({ ...options, clock, random: seededRandom(1) });
  server.values = new Error('connection reset');
  for (const version of ['v2', undefined]) {
    followers[0]?.hinted(version);
    await clock.advance(0);
  }
  server.values = { 'max-lines': 20 };
  await clock.advance(1_000);
  assert.equal(watch.current.values.own.maxLines, 20);
});

test('the first reading fails as loadConfig does, with the problems of all sections', async () => {
  await assert.rejects(watching({ 'max-linse': 1, 'dure.limits.retry.attempts': 0 }), (error: Error) => {
    assert.equal(codeOf(error), 'CONFIG_INVALID');
    assert.match(error.message, /2 problems/);
    return true;
  });
});
