import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cachedOrigin } from '../testing/cached-origin.ts';
import { memoryCacheStore } from './memory-cache-store.ts';

test('the time that the answer took counts as its age', async () => {
  const origin = cachedOrigin();
  origin.ask();
  await origin.clock.advance(5_000);
  const date = new Date(origin.clock.now()).toUTCString();
  origin.arrived[0]?.answer.begin(200, ['cache-control', 'max-age=99', 'date', date, 'age', '10'], 0);
  origin.arrived[0]?.answer.end();
  assert.equal(origin.ask().fields.get('age'), '15');
});

test('by heuristics nothing is fresh for more than a day', async () => {
  const origin = cachedOrigin();
  const modified = new Date(origin.clock.now() - 100 * 86_400_000).toUTCString();
  origin.reply = () => ({ fields: [`last-modified: ${modified}`] });
  origin.ask();
  await origin.clock.advance(86_399_000);
  assert.equal(origin.ask().fate, 'hit');
  await origin.clock.advance(1_000);
  assert.equal(origin.ask().fate, 'stale');
});

test('after a failure nothing stands in for what the service or the client wants confirmed each time', async () => {
  const origin = cachedOrigin();
  origin.reply = ({ fields }) =>
    fields.includes('if-none-match')
      ? { status: 503, body: 'failure' }
      : { fields: ['cache-control: max-age=60', 'etag: "a"'] };
  origin.ask();
  assert.equal(origin.ask({ fields: ['cache-control: no-cache'] }).status, 503);
  assert.equal(origin.ask().fate, 'hit');
  origin.cache.forget('shop.test', '/things/1');
  origin.reply = () => ({ fields: ['cache-control: max-age=60, no-cache', 'etag: "a"'] });
  origin.ask();
  origin.reply = () => ({ status: 503 });
  assert.equal(origin.ask().status, 503);
});

test('a HEAD that tells another length shows that what is stored is out of date', async () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=2', 'etag: "a"'] });
  origin.ask();
  await origin.clock.advance(3_000);
  origin.reply = () => ({ fields: ['cache-control: max-age=50', 'etag: "a"', 'content-length: 6'] });
  origin.ask({ method: 'HEAD' });
  assert.equal(origin.cache.store.size.answers, 0);
});

test('what has been forgotten meanwhile is not brought back by the answer to a HEAD', async () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=2', 'etag: "a"'] });
  origin.ask();
  await origin.clock.advance(3_000);
  origin.reply = undefined;
  origin.ask({ method: 'HEAD' });
  origin.cache.forget('shop.test', '/things/1');
  origin.arrived[1]?.answer.begin(200, ['cache-control', 'max-age=99', 'etag', '"a"'], 0);
  assert.equal(origin.cache.store.size.answers, 0);
});

test('what is used stays longer than what is not', () => {
  const origin = cachedOrigin({}, { store: memoryCacheStore({ maxBytes: 4_500 }) });
  origin.reply = () => ({ fields: ['cache-control: max-age=99'], body: 'x'.repeat(1_000) });
  origin.ask({ path: '/a' });
  origin.ask({ path: '/b' });
  origin.ask({ path: '/a' });
  origin.ask({ path: '/c' });
  const left = ['/a', '/b', '/c'].filter((path) => origin.cache.store.find(`shop.test ${path}`).length > 0);
  assert.deepEqual(left, ['/a', '/c']);
});
