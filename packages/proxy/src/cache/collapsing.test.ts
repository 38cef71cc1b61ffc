import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Arrived } from '../testing/cached-origin.ts';
import { cachedOrigin } from '../testing/cached-origin.ts';
import type { CacheEvent } from './cache-event.ts';

/** Says a piece as an origin does: its bytes are good during the call only. */
function say(arrived: Arrived | undefined, text: string): boolean | undefined {
  const bytes = Buffer.from(text);
  const taken = arrived?.answer.write(bytes);
  bytes.fill(0x3f);
  return taken;
}

function end(arrived: Arrived | undefined, text: string): void {
  const bytes = Buffer.from(text);
  arrived?.answer.end(bytes);
  bytes.fill(0x3f);
}

const fresh = ['Cache-Control', 'max-age=99', 'Vary', 'foo'];

test('requests for the same wait for one answer and get its bytes as they come', () => {
  const origin = cachedOrigin();
  const views = [origin.ask(), origin.ask(), origin.ask()];
  assert.equal(origin.arrived.length, 1);
  const [one] = origin.arrived;
  one?.answer.begin(200, [...fresh], undefined);
  say(one, 'ab');
  const late = origin.ask();
  assert.deepEqual(
    [...views, late].map(({ body }) => body),
    ['ab', 'ab', 'ab', 'ab'],
  );
  say(one, 'cd');
  end(one, 'ef');
  for (const view of [...views, late]) {
    assert.deepEqual([view.status, view.body, view.isEnded, view.begins], [200, 'abcdef', true, 1]);
  }
  assert.equal(views[0]?.fields.get('cache-status'), 'dure; fwd=uri-miss; stored');
  assert.equal(late.fields.get('cache-status'), 'dure; fwd=uri-miss; stored; collapsed');
  assert.equal(origin.ask().fate, 'hit');
});

test('requests for another variant wait for one of their own', () => {
  const origin = cachedOrigin();
  const [a, b, c] = [
    origin.ask({ fields: ['foo: 1'] }),
    origin.ask({ fields: ['foo: 2'] }),
    origin.ask({ fields: ['foo: 2'] }),
  ];
  origin.arrived[0]?.answer.begin(200, [...fresh], 2);
  assert.equal(origin.arrived.length, 2);
  assert.equal(origin.arrived[1]?.fields, 'foo: 2\r\n');
  end(origin.arrived[0], '1.');
  origin.arrived[1]?.answer.begin(200, [...fresh], 2);
  end(origin.arrived[1], '2.');
  assert.deepEqual([a.body, b.body, c.body], ['1.', '2.', '2.']);
  assert.equal(origin.ask({ fields: ['foo: 1'] }).body, '1.');
  assert.equal(origin.arrived.length, 2);
});

test('an answer that is not for others goes to the first only, and the rest ask for themselves', () => {
  const origin = cachedOrigin();
  const views = [origin.ask(), origin.ask(), origin.ask()];
  origin.arrived[0]?.answer.begin(200, ['cache-control', 'private'], 2);
  assert.equal(origin.arrived.length, 3);
  for (const [index, one] of origin.arrived.entries()) {
    if (index > 0) one.answer.begin(200, ['cache-control', 'private'], 2);
    end(one, `m${index}`);
  }
  assert.deepEqual(
    views.map(({ body }) => body),
    ['m0', 'm1', 'm2'],
  );
});

test('where waiting was in vain nobody waits for a while', async () => {
  const origin = cachedOrigin();
  origin.ask();
  origin.ask();
  origin.arrived[0]?.answer.begin(200, ['cache-control', 'private'], 2);
  assert.equal(origin.arrived.length, 2);
  origin.ask();
  origin.ask();
  assert.equal(origin.arrived.length, 4);
  await origin.clock.advance(10_000);
  origin.ask();
  origin.ask();
  assert.equal(origin.arrived.length, 5);
});

test('who asks with credentials, for a part, or anew does not wait and is not waited for', () => {
  const origin = cachedOrigin();
  origin.ask({ isAuthenticated: true });
  origin.ask();
  origin.ask({ fields: ['range: bytes=0-1'] });
  origin.ask({ fields: ['if-none-match: "a"'] });
  origin.ask({ fields: ['cache-control: no-cache'] });
  origin.ask({ fields: ['cache-control: no-store'] });
  assert.equal(origin.arrived.length, 6);
  origin.ask({ route: 'other' });
  assert.equal(origin.arrived.length, 7);
});

test('the first may leave: the others get the answer; when all have left it is given up', async () => {
  const origin = cachedOrigin();
  const first = origin.open();
  const second = origin.open();
  first.leave();
  assert.equal(origin.arrived[0]?.isCancelled, false);
  origin.arrived[0]?.answer.begin(200, [...fresh], undefined);
  say(origin.arrived[0], 'ab');
  assert.deepEqual([first.view.body, second.view.body], ['', 'ab']);
  second.leave();
  await origin.clock.advance(0);
  assert.equal(origin.arrived[0]?.isCancelled, true);
  assert.equal(origin.cache.store.size.answers, 0);
  assert.equal(origin.cache.flights.size, 0);
  const third = origin.ask();
  assert.equal(origin.arrived.length, 2);
  origin.arrived[1]?.answer.begin(200, [...fresh], 2);
  end(origin.arrived[1], 'xy');
  assert.equal(third.body, 'xy');
});

test('when the first has left and the answer is not for others, they ask for themselves and it is given up', async () => {
  const origin = cachedOrigin();
  const first = origin.open();
  const second = origin.ask();
  first.leave();
  origin.arrived[0]?.answer.begin(200, ['cache-control', 'private'], undefined);
  await origin.clock.advance(0);
  assert.deepEqual([origin.arrived.length, origin.arrived[0]?.isCancelled, second.begins], [2, true, 0]);
});

test('a slow client holds back neither the service nor others while the answer is kept', () => {
  const origin = cachedOrigin();
  const slow = origin.ask({ isSlow: true });
  const quick = origin.ask();
  const [one] = origin.arrived;
  one?.answer.begin(200, [...fresh], undefined);
  for (const piece of ['a', 'b', 'c']) assert.equal(say(one, piece), true);
  end(one, 'd');
  assert.deepEqual([slow.body, slow.isEnded, quick.body, quick.isEnded], ['a', false, 'abcd', true]);
  slow.take();
  assert.equal(slow.body, 'ab');
  slow.isSlow = false;
  slow.take();
  assert.deepEqual([slow.body, slow.isEnded], ['abcd', true]);
});

test('an answer that becomes too long to be kept goes on at the pace of the slowest, and nobody new joins', () => {
  const origin = cachedOrigin({}, { maxObjectBytes: 3 });
  const slow = origin.open({ isSlow: true });
  const quick = origin.ask();
  const [one] = origin.arrived;
  one?.answer.begin(200, [...fresh], undefined);
  assert.equal(say(one, 'ab'), true);
  assert.equal(say(one, 'cd'), false);
  let goes = 0;
  one?.answer.whenDrained(() => {
    goes += 1;
  });
  assert.deepEqual([slow.view.body, quick.body], ['ab', 'abcd']);
  slow.view.take();
  assert.deepEqual([slow.view.body, goes], ['abcd', 0]);
  slow.view.isSlow = false;
  slow.view.take();
  assert.equal(goes, 1);
  origin.ask();
  assert.equal(origin.arrived.length, 2);
  end(one, 'ef');
  assert.deepEqual([slow.view.body, quick.body, origin.cache.store.size.answers], ['abcdef', 'abcdef', 0]);
});

test('a slow client that leaves holds nobody back any more', () => {
  const origin = cachedOrigin({}, { maxObjectBytes: 0 });
  const slow = origin.open({ isSlow: true });
  origin.ask();
  const [one] = origin.arrived;
  one?.answer.begin(200, [...fresh], undefined);
  assert.equal(say(one, 'ab'), false);
  let goes = 0;
  one?.answer.whenDrained(() => {
    goes += 1;
  });
  slow.leave();
  assert.equal(goes, 1);
});

test('of all bodies that are not whole yet only so much is held', () => {
  const origin = cachedOrigin({}, { maxHeldBytes: 3 });
  origin.ask({ path: '/a' });
  origin.ask({ path: '/b' });
  for (const one of origin.arrived) {
    one.answer.begin(200, [...fresh], undefined);
    say(one, 'ab');
  }
  for (const one of origin.arrived) end(one, '');
  assert.equal(origin.cache.store.find('shop.test /a').length, 1);
  assert.equal(origin.cache.store.find('shop.test /b').length, 0);
  const again = origin.ask({ path: '/b' });
  origin.arrived[2]?.answer.begin(200, [...fresh], 3);
  end(origin.arrived[2], 'abc');
  assert.deepEqual([again.body, origin.cache.store.size.answers], ['abc', 2]);
});

test('who waits while a stale answer is asked about gets it once it is confirmed', async () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=2', 'etag: "a"'] });
  origin.ask();
  await origin.clock.advance(3_000);
  origin.reply = undefined;
  const views = [origin.ask(), origin.ask({ fields: ['if-none-match: "a"'] })];
  assert.equal(origin.arrived.length, 2);
  origin.arrived[1]?.answer.begin(304, ['cache-control', 'max-age=50'], 0);
  origin.arrived[1]?.answer.end();
  assert.deepEqual(
    views.map(({ status }) => status),
    [200, 304],
  );
});

test('what must be confirmed for each request is confirmed for each', async () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: no-cache', 'etag: "a"'] });
  origin.ask();
  origin.reply = undefined;
  const views = [origin.ask(), origin.ask()];
  origin.arrived[1]?.answer.begin(304, ['cache-control', 'no-cache', 'etag', '"a"'], 0);
  origin.arrived[1]?.answer.end();
  assert.deepEqual([views[0]?.body, views[1]?.begins, origin.arrived.length], ['hello', 0, 3]);
  origin.arrived[2]?.answer.begin(304, ['cache-control', 'no-cache', 'etag', '"a"'], 0);
  origin.arrived[2]?.answer.end();
  assert.equal(views[1]?.body, 'hello');
});

test('a break in the answer is a break for all, before its head as after', () => {
  const origin = cachedOrigin();
  const early = [origin.ask(), origin.ask()];
  origin.arrived[0]?.answer.abort();
  const late = [origin.ask(), origin.ask()];
  origin.arrived[1]?.answer.begin(200, [...fresh], undefined);
  say(origin.arrived[1], 'ab');
  origin.arrived[1]?.answer.abort();
  for (const view of [...early, ...late]) assert.deepEqual([view.isAborted, view.isEnded], [true, false]);
  assert.equal(origin.cache.flights.size, 0);
});

test('what is flushed is flushed for everybody', () => {
  const origin = cachedOrigin();
  const views = [origin.ask(), origin.ask()];
  origin.arrived[0]?.answer.begin(200, [...fresh], undefined);
  origin.arrived[0]?.answer.flush();
  for (const view of [...views, origin.ask()]) assert.equal(view.isFlushed, true);
});

test('what became of each request is told', async () => {
  const told: string[] = [];
  const observe = ({ kind, route, result }: CacheEvent) => {
    if (kind === 'asked') told.push(`${route} ${result}`);
  };
  const origin = cachedOrigin({}, { observe });
  origin.ask({ route: 'a' });
  origin.ask({ route: 'a' });
  origin.arrived[0]?.answer.begin(200, ['cache-control', 'max-age=1, stale-while-revalidate=9'], 2);
  end(origin.arrived[0], 'ab');
  origin.ask({ route: 'a' });
  await origin.clock.advance(2_000);
  origin.ask({ route: 'a' });
  origin.ask({ route: 'a', hasBody: true });
  origin.ask({ route: 'b', method: 'HEAD' });
  assert.deepEqual(told, ['a uri-miss', 'a collapsed', 'a hit', 'a stale-hit', 'a bypass', 'b vary-miss']);
});

test('what came of asking the service is told', async () => {
  const told: string[] = [];
  const observe = ({ kind, result }: CacheEvent) => {
    if (kind === 'fetched') told.push(result);
  };
  const origin = cachedOrigin({}, { observe });
  origin.reply = () => ({ fields: ['cache-control: max-age=1, stale-if-error=60', 'etag: "a"'] });
  origin.ask();
  origin.ask();
  await origin.clock.advance(2_000);
  origin.reply = () => ({ status: 304, fields: ['cache-control: max-age=1, stale-if-error=60', 'etag: "a"'] });
  origin.ask();
  await origin.clock.advance(2_000);
  origin.reply = () => ({ status: 503 });
  assert.equal(origin.ask().status, 200);
  origin.reply = () => ({ fields: ['cache-control: no-store'] });
  origin.ask();
  assert.deepEqual(told, ['stored', 'revalidated', 'stale-if-error', 'not-stored']);
});

test('two variants are asked about at the same time', async () => {
  const origin = cachedOrigin();
  origin.reply = (_, number) => ({ fields: ['cache-control: max-age=2', `etag: "${number}"`, 'vary: foo'] });
  for (const foo of ['foo: 1', 'foo: 2']) origin.ask({ fields: [foo] });
  await origin.clock.advance(3_000);
  origin.reply = undefined;
  for (const foo of ['foo: 1', 'foo: 2']) origin.ask({ fields: [foo] });
  assert.deepEqual(
    origin.arrived.slice(2).map(({ fields }) => fields),
    ['foo: 1\r\nif-none-match: "1"\r\n', 'foo: 2\r\nif-none-match: "2"\r\n'],
  );
});

test('a failure that goes on and on is left when something stands in for it', async () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=2'] });
  origin.ask();
  await origin.clock.advance(3_000);
  origin.reply = undefined;
  const view = origin.ask();
  origin.arrived[1]?.answer.begin(503, [], undefined);
  assert.equal(say(origin.arrived[1], 'x'), true);
  await origin.clock.advance(0);
  assert.deepEqual([view.body, view.isEnded, origin.arrived[1]?.isCancelled], ['hello', true, true]);
});

test('a body that is not as long as was said is not kept', () => {
  const origin = cachedOrigin();
  const view = origin.ask();
  origin.arrived[0]?.answer.begin(200, [...fresh], 9);
  end(origin.arrived[0], 'short');
  assert.deepEqual([view.body, origin.cache.store.size.answers], ['short', 0]);
});
