import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { gatewayErrors } from '../errors.ts';
import { fieldValue } from '../http/field-lines.ts';
import type { Arrived, Reply } from '../testing/cached-origin.ts';
import { cachedOrigin } from '../testing/cached-origin.ts';

/** Confirms what it is asked about, and answers 200 otherwise. */
const confirming = (fields: readonly string[], confirmation: readonly string[] = fields) => {
  return ({ fields: asked }: Arrived): Reply =>
    /^if-(?:none-match|modified-since):/m.test(asked) ? { status: 304, fields: confirmation } : { fields };
};

test('a stored answer comes with its age, its date, its length and what the cache did', async () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=100', 'x-a: 1', 'age: 30'], body: 'some text' });
  const first = origin.ask();
  assert.equal(first.fields.get('cache-status'), 'dure; fwd=uri-miss; stored');
  assert.equal(first.fields.get('age'), '30');
  await origin.clock.advance(3_500);
  const second = origin.ask();
  assert.equal(second.body, 'some text');
  assert.equal(second.fields.get('age'), '33');
  assert.equal(second.fields.get('x-a'), '1');
  assert.equal(second.fields.get('date'), first.fields.get('date'));
  assert.equal(second.fields.get('content-length'), '9');
  assert.equal(second.fields.get('cache-status'), 'dure; hit; ttl=66');
  assert.deepEqual(origin.notes, ['fetched (uri-miss), stored', 'dure; hit; ttl=66']);
});

test('an answer without a date gets the one at which it came', async () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=100'], isDateless: true });
  const at = new Date(origin.clock.now()).toUTCString();
  origin.ask();
  await origin.clock.advance(5_000);
  assert.equal(origin.ask().fields.get('date'), at);
});

test('an address is host, path and query; another route of the same address is another answer', () => {
  const origin = cachedOrigin();
  origin.reply = (_, number) => ({ fields: ['cache-control: max-age=100'], body: String(number) });
  const same = { host: 'shop.test', path: '/a', query: '?b=1', route: 'r' };
  assert.equal(origin.ask(same).body, '1');
  assert.equal(origin.ask({ ...same, host: 'SHOP.test' }).body, '1');
  for (const other of [{ host: 'shop.test:81' }, { path: '/A' }, { query: '?b=2' }, { query: '' }, { route: 's' }])
    assert.equal(origin.ask({ ...same, ...other }).fate, other.route === undefined ? 'uri-miss' : 'vary-miss');
  assert.equal(origin.ask(same).body, '1');
});

test('an answer that is confirmed is brought up to date, but for what belongs to its body', async () => {
  const origin = cachedOrigin();
  const first = ['cache-control: max-age=2', 'etag: "a"', 'x-old: 1', 'x-new: 1', 'content-type: text/plain', 'age: 1'];
  const then = [
    'etag: "a"',
    'cache-control: max-age=50',
    'x-new: 2',
    'content-foo: 3',
    'content-type: x/y',
    'content-length: 99',
  ];
  origin.reply = confirming(first, then);
  origin.ask({ fields: ['accept: x/y'] });
  await origin.clock.advance(3_000);
  const second = origin.ask({ fields: ['accept: x/y'] });
  assert.equal(fieldValue(origin.arrived[1]?.fields ?? '', 'if-none-match'), '"a"');
  assert.equal(fieldValue(origin.arrived[1]?.fields ?? '', 'accept'), 'x/y');
  assert.equal(second.status, 200);
  assert.equal(second.fields.get('cache-status'), 'dure; fwd=stale; fwd-status=304; stored');
  await origin.clock.advance(40_000);
  const third = origin.ask();
  for (const view of [second, third]) {
    assert.equal(view.body, 'hello');
    assert.deepEqual(
      ['x-old', 'x-new', 'content-foo', 'content-type', 'content-length'].map((name) => view.fields.get(name)),
      ['1', '2', '3', 'text/plain', '5'],
    );
  }
  assert.equal(second.fields.get('age'), '0');
  assert.equal(third.fields.get('age'), '40');
});

test('a 304 about something else is not taken for a confirmation: the answer is fetched', async () => {
  const origin = cachedOrigin();
  origin.reply = ({ fields }) =>
    fieldValue(fields, 'if-none-match') === undefined
      ? { fields: ['cache-control: max-age=2', 'etag: "a"'], body: `number ${origin.arrived.length}` }
      : { status: 304, fields: ['etag: "b"'] };
  origin.ask();
  await origin.clock.advance(3_000);
  const second = origin.ask();
  assert.equal(second.body, 'number 3');
  assert.equal(second.begins, 1);
});

test('what a confirmation makes private is shown to who asked, and kept no longer', async () => {
  const origin = cachedOrigin();
  origin.reply = confirming(['cache-control: max-age=2', 'etag: "a"'], ['cache-control: private', 'etag: "a"']);
  origin.ask();
  await origin.clock.advance(3_000);
  assert.equal(origin.ask().body, 'hello');
  assert.equal(origin.cache.store.size.answers, 0);
});

test('a new answer takes the place of what was asked about', async () => {
  const origin = cachedOrigin();
  origin.reply = (_, number) => ({ fields: ['cache-control: max-age=2', `etag: "${number}"`], body: String(number) });
  origin.ask();
  await origin.clock.advance(3_000);
  assert.equal(origin.ask().body, '2');
  assert.equal(origin.ask().body, '2');
  origin.reply = () => ({ fields: ['cache-control: no-store'] });
  await origin.clock.advance(3_000);
  origin.ask();
  assert.equal(origin.cache.store.size.answers, 0);
});

test('while it is refreshed, a stale answer is served, and it is refreshed once', async () => {
  const origin = cachedOrigin();
  const fields = ['cache-control: max-age=1, stale-while-revalidate=10', 'etag: "a"'];
  origin.reply = () => ({ fields });
  origin.ask();
  await origin.clock.advance(2_000);
  origin.reply = undefined;
  assert.equal(origin.ask().fields.get('cache-status'), 'dure; hit; ttl=-1');
  assert.equal(origin.ask({ fields: ['range: bytes=0-1', 'if-none-match: "z"'] }).body, 'he');
  assert.equal(origin.arrived.length, 2);
  const [, refresh] = origin.arrived;
  assert.equal(refresh?.fields, 'if-none-match: "a"\r\n');
  refresh?.answer.begin(304, ['etag', '"a"', 'cache-control', 'max-age=50'], 0);
  refresh?.answer.end();
  assert.equal(origin.ask().fields.get('cache-status'), 'dure; hit; ttl=50');
});

test('beyond that time it is served no more', async () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=1, stale-while-revalidate=4', 'etag: "a"'] });
  origin.ask();
  await origin.clock.advance(5_001);
  origin.reply = (_, number) => ({ body: String(number) });
  assert.equal(origin.ask().body, '2');
});

const failures: readonly (readonly [control: string, seconds: number, served: boolean])[] = [
  ['max-age=2', 9, true],
  ['max-age=2', 13, false],
  ['max-age=2, stale-if-error=60', 60, true],
  ['max-age=2, stale-if-error=60', 63, false],
  ['max-age=2, stale-if-error=0', 3, false],
  ['s-maxage=2', 3, false],
  ['s-maxage=2, stale-if-error=60', 60, true],
  ['max-age=2, must-revalidate', 3, false],
  ['max-age=2, must-revalidate, stale-if-error=60', 3, false],
  ['max-age=2, proxy-revalidate, stale-if-error=60', 3, false],
  ['max-age=2, no-cache, stale-if-error=60', 3, false],
];
for (const [control, seconds, served] of failures) {
  test(`with "${control}", ${seconds} s old, a failure is ${served ? 'not ' : ''}shown`, async () => {
    const origin = cachedOrigin();
    origin.reply = () => ({ fields: [`cache-control: ${control}`, 'etag: "a"'] });
    origin.ask();
    await origin.clock.advance(seconds * 1_000);
    origin.reply = () => ({ status: 503, fields: ['cache-control: no-store'], body: 'failure' });
    const view = origin.ask();
    assert.deepEqual([view.status, view.body], served ? [200, 'hello'] : [503, 'failure']);
    assert.equal(view.begins, 1);
    if (served) assert.equal(view.fields.get('cache-status'), 'dure; fwd=stale; fwd-status=503; detail=stale-if-error');
    origin.reply = () => ({ status: 404, body: 'gone' });
    assert.equal(origin.ask().body, 'gone');
  });
}

test('only-if-cached is answered out of the store or not at all', () => {
  const origin = cachedOrigin();
  const fields = ['cache-control: only-if-cached'];
  assert.throws(
    () => origin.ask({ fields }),
    (error) => codeOf(error) === gatewayErrors.NOT_CACHED.code,
  );
  origin.reply = () => ({ fields: ['cache-control: max-age=9'] });
  origin.ask();
  assert.equal(origin.ask({ fields }).fate, 'hit');
  assert.equal(origin.arrived.length, 1);
});

test('HEAD is answered with a stored GET, and never stored itself', () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=9'] });
  assert.equal(origin.ask({ method: 'HEAD' }).fate, 'uri-miss');
  assert.equal(origin.ask().fate, 'uri-miss');
  const view = origin.ask({ method: 'HEAD' });
  assert.deepEqual([view.fate, view.body, view.fields.get('content-length'), view.isEnded], ['hit', '', '5', true]);
});

test('the answer to a HEAD tells whether a stale answer is still good', async () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=2', 'etag: "a"', 'x-a: 1'] });
  origin.ask();
  await origin.clock.advance(3_000);
  origin.reply = () => ({ fields: ['cache-control: max-age=50', 'etag: "a"', 'x-a: 2', 'content-length: 5'] });
  assert.equal(origin.ask({ method: 'HEAD' }).fate, 'stale');
  const view = origin.ask();
  assert.deepEqual([view.fate, view.fields.get('x-a'), view.body], ['hit', '2', 'hello']);
  await origin.clock.advance(60_000);
  origin.reply = () => ({ fields: ['cache-control: max-age=50', 'etag: "b"'] });
  origin.ask({ method: 'HEAD' });
  assert.equal(origin.cache.store.size.answers, 0);
});

test('fields that no-cache lists are not kept, nor is a fallback, nor a stream', () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: no-cache="a, b", max-age=99', 'a: 1', 'b: 2', 'c: 3'] });
  assert.equal(origin.ask().fields.get('a'), '1');
  const view = origin.ask();
  assert.deepEqual(
    [view.fate, view.fields.get('a'), view.fields.get('b'), view.fields.get('c')],
    ['hit', undefined, undefined, '3'],
  );
  origin.reply = () => ({ fields: ['cache-control: max-age=99', 'dure-fallback: recommend'] });
  assert.equal(origin.ask({ path: '/b' }).fields.get('cache-status'), 'dure; fwd=uri-miss; detail=fallback');
  origin.reply = () => ({ fields: ['cache-control: max-age=99', 'content-type: text/event-stream'] });
  assert.equal(origin.ask({ path: '/c' }).fields.get('cache-status'), 'dure; fwd=uri-miss; detail=stream');
});

test('answers that state no lifetime get the one of the rules, unless somebody in particular asked', async () => {
  const origin = cachedOrigin({ lifetimesMs: { 200: 30_000, 404: 2_000 } });
  origin.reply = () => ({ status: 404 });
  origin.ask({ path: '/missing' });
  assert.equal(origin.ask({ path: '/missing' }).fate, 'hit');
  await origin.clock.advance(2_000);
  assert.equal(origin.ask({ path: '/missing' }).fate, 'stale');
  origin.reply = () => ({});
  origin.ask({ path: '/a' });
  assert.equal(origin.ask({ path: '/a' }).fate, 'hit');
  for (const who of [{ hasCookie: true }, { isAuthenticated: true }]) {
    origin.ask({ path: '/b', ...who });
    assert.equal(origin.ask({ path: '/b' }).fate, 'uri-miss');
    origin.cache.forget('shop.test', '/b');
  }
  origin.reply = () => ({ fields: ['cache-control: no-store'] });
  origin.ask({ path: '/c' });
  assert.equal(origin.ask({ path: '/c' }).fate, 'uri-miss');
});

test('clients that may not ask for fresh answers get stored ones, but keep their secrets', () => {
  const origin = cachedOrigin({ honoursRequests: false });
  origin.reply = () => ({ fields: ['cache-control: max-age=99'] });
  origin.ask({ path: '/secret', fields: ['cache-control: no-store'] });
  assert.equal(origin.cache.store.size.answers, 0);
  origin.ask();
  assert.equal(origin.ask({ fields: ['cache-control: no-cache, max-age=0'] }).fate, 'hit');
});

test('a request with a body, or a condition that only the service can judge, passes by', () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=99'] });
  origin.ask();
  for (const question of [{ hasBody: true }, { fields: ['if-match: "a"'] }, { fields: ['if-unmodified-since: x'] }])
    assert.equal(origin.ask(question).fate, 'bypass');
});

test('a body that is longer than what is kept goes through and is not kept', () => {
  const origin = cachedOrigin({}, { maxObjectBytes: 10 });
  origin.reply = () => ({ fields: ['cache-control: max-age=99'], body: '0123456789A' });
  assert.equal(origin.ask().body, '0123456789A');
  assert.equal(origin.cache.store.size.answers, 0);
  origin.reply = () => ({ fields: ['cache-control: max-age=99'], body: '0123456789' });
  assert.equal(origin.ask().body, '0123456789');
  assert.equal(origin.cache.store.size.answers, 1);
});

test('what breaks off is not kept', () => {
  const origin = cachedOrigin();
  const view = origin.ask();
  origin.arrived[0]?.answer.begin(200, ['cache-control', 'max-age=99'], undefined);
  origin.arrived[0]?.answer.write(Buffer.from('half'));
  origin.arrived[0]?.answer.abort();
  assert.deepEqual([view.body, view.isAborted, view.isEnded], ['half', true, false]);
  assert.equal(origin.cache.store.size.answers, 0);
  origin.reply = () => ({ body: 'whole' });
  assert.equal(origin.ask().body, 'whole');
});
