import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom, systemClock } from '@dure/core';
import type { RedisEvent } from './open-redis.ts';
import { openRedis, redisScript } from './open-redis.ts';
import { openReady } from './testing/open-store.ts';
import { startRedisServer, withoutServer } from './testing/redis-server.ts';
import { until } from './testing/until.ts';

const one = redisScript('return 1');
const parts = { clock: systemClock, random: seededRandom(1) };
/** Opens quickly and stays open for as long as a test lasts. */
const wary = { window: 4, minimumCalls: 4, openMs: 60_000, longestOpenMs: 60_000 };

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  await assert.rejects(work(), { code: 'REDIS_UNAVAILABLE' });
  return systemClock.monotonicMs() - startedMs;
}

test('an address that is none is refused, and its password is not told', async () => {
  for (const url of ['localhost:6379', 'http://localhost', 'redis://', 'not an address, secret']) {
    await assert.rejects(
      openRedis({ ...parts, url }),
      (error: Error & { code?: string }) => error.code === 'REDIS_ADDRESS_INVALID' && !error.message.includes('secret'),
    );
  }
});

test('without a server it is open all the same, tells so once, and every command fails at once', async () => {
  const events: RedisEvent[] = [];
  const observe = (event: RedisEvent) => void events.push(event);
  await using redis = await openRedis({ ...parts, url: 'redis://127.0.0.1:1', breaker: wary, observe });
  assert.ok((await timed(() => redis.run(one, [], []))) < 45, 'it waits for its time to be over');
  await until(() => events.some(({ kind }) => kind === 'disconnected'), 'the loss is told');
  for (let count = 0; count < 4; count += 1) await timed(() => redis.run(one, [], []));
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'disconnected' || kind === 'opened').map(({ kind }) => kind),
    ['disconnected', 'opened'],
  );
  assert.deepEqual(redis.health(), { status: 'UNKNOWN', details: { connected: false, breaker: 'open' } });
  await redis.close();
  await redis.close();
});

describe('with a server', { skip: withoutServer }, () => {
  test('a script is sent in full once, and again when the server has forgotten it', async () => {
    await using server = await startRedisServer();
    await using redis = await openReady(server.url);
    for (let count = 0; count < 3; count += 1) assert.equal(await redis.run(one, [], []), 1);
    await server.ask('SCRIPT', 'FLUSH');
    assert.equal(await redis.run(one, [], []), 1);
    const calls = await server.ask('INFO', 'commandstats');
    assert.match(calls, /cmdstat_eval:calls=2,/);
    assert.match(calls, /cmdstat_evalsha:calls=4,/);
  });

  test('keys and values arrive as they are', async () => {
    await using server = await startRedisServer();
    await using redis = await openReady(server.url);
    const both = redisScript('return { KEYS[1], ARGV[1], ARGV[2] }');
    assert.deepEqual(await redis.run(both, ['a\nb'], ['', 'ü']), ['a\nb', '', 'ü']);
  });

  test('what the server says no to is told in its words', async () => {
    await using server = await startRedisServer();
    await using redis = await openReady(server.url);
    await assert.rejects(redis.run(redisScript("return redis.call('NOSUCH')"), [], []), {
      code: 'REDIS_REFUSED',
      message: /Unknown Redis command/i,
    });
  });

  test('a wrong password is no connection, and is not told', async () => {
    await using server = await startRedisServer('--requirepass', 'right');
    const events: RedisEvent[] = [];
    const url = server.url.replace('redis://', 'redis://:wrong-secret@');
    await using redis = await openRedis({ ...parts, url, observe: (event) => void events.push(event) });
    await until(() => events.length > 0, 'the refusal is told');
    await assert.rejects(redis.run(one, [], []), { code: 'REDIS_UNAVAILABLE' });
    assert.doesNotMatch(events.map((event) => ('error' in event ? String(event.error) : '')).join(), /wrong-secret/);
    await using right = await openReady(server.url.replace('redis://', 'redis://:right@'));
    assert.equal(await right.run(one, [], []), 1);
  });

  test('a server that hangs costs a few callers a little time, then nobody any', async () => {
    await using server = await startRedisServer();
    await using redis = await openReady(server.url, { timeoutMs: 50, breaker: wary });
    for (let count = 0; count < 4; count += 1) await redis.run(one, [], []).catch(() => {});
    server.freeze();
    const waits = [];
    for (let count = 0; count < 12; count += 1) waits.push(await timed(() => redis.run(one, [], [])));
    const slow = waits.filter((ms) => ms >= 45);
    assert.ok(slow.length >= 2 && slow.length <= 4, `${slow.length} callers waited: ${waits}`);
    assert.ok(Math.max(...slow) < 500, `one waited ${Math.max(...slow)} ms`);
    assert.ok(Math.max(...waits.slice(4)) < 45, `the breaker lets nobody wait: ${waits}`);
    server.resume();
  });

  test('it is asked again when it is back, after a hang as after a crash', async () => {
    await using server = await startRedisServer();
    const breaker = { ...wary, openMs: 20, longestOpenMs: 20, halfOpenCalls: 1 };
    await using redis = await openReady(server.url, { timeoutMs: 50, breaker });
    const answers = async () => (await redis.run(one, [], []).catch(() => 0)) === 1;
    server.freeze();
    for (let count = 0; count < 4; count += 1) assert.equal(await answers(), false);
    server.resume();
    await comesBack(answers);
    await server.kill();
    for (let count = 0; count < 4; count += 1) assert.equal(await answers(), false);
    await server.restart();
    await comesBack(answers);
  });
});

async function comesBack(answers: () => Promise<boolean>): Promise<void> {
  let isBack = false;
  let isAsking = false;
  await until(() => {
    if (!isAsking && !isBack) {
      isAsking = true;
      void answers().then((isSo) => {
        isBack = isSo;
        isAsking = false;
      });
    }
    return isBack;
  }, 'the server answers again');
}
