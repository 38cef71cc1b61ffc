import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cachedOrigin } from '../testing/cached-origin.ts';

for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH']) {
  test(`what ${method} has changed is forgotten, with what its answer names at the same host`, () => {
    const origin = cachedOrigin();
    const paths = ['/things/1', '/things/2', '/things/3', '/things/4'];
    origin.reply = () => ({ fields: ['cache-control: max-age=99'] });
    const fill = () => {
      for (const path of paths) origin.ask({ path });
      origin.ask({ path: '/things/1', route: 'other' });
      origin.ask({ path: '/things/1', query: '?a=1' });
    };
    const left = () => paths.filter((path) => origin.cache.store.find(`shop.test ${path}`).length > 0);
    fill();
    origin.reply = () => ({ status: 500 });
    origin.ask({ method });
    assert.deepEqual(left(), paths);
    origin.reply = () => ({
      status: 201,
      fields: ['location: http://shop.test/things/2', 'content-location: 3', 'x-location: /things/4'],
    });
    assert.equal(origin.ask({ method, route: 'things.change' }).fate, 'method');
    assert.deepEqual(left(), ['/things/4']);
    assert.equal(origin.cache.store.find('shop.test /things/1?a=1').length, 1);
    origin.reply = () => ({
      status: 303,
      fields: ['location: http://elsewhere.test/things/4', 'content-location: http://['],
    });
    origin.ask({ method });
    assert.deepEqual(left(), ['/things/4']);
  });
}

test('OPTIONS changes nothing', () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=99'] });
  origin.ask();
  origin.ask({ method: 'OPTIONS' });
  assert.equal(origin.ask().fate, 'hit');
});

test('what is fetched while something is changed is not kept', () => {
  const origin = cachedOrigin();
  const reader = origin.ask();
  origin.reply = () => ({ status: 204 });
  origin.ask({ method: 'PUT' });
  origin.reply = undefined;
  const [read] = origin.arrived;
  read?.answer.begin(200, ['cache-control', 'max-age=99'], 3);
  read?.answer.end(Buffer.from('old'));
  assert.equal(reader.body, 'old');
  assert.equal(origin.cache.store.size.answers, 0);
});

test('a confirmation that was asked for before something was changed is not kept either', async () => {
  const origin = cachedOrigin();
  origin.reply = () => ({ fields: ['cache-control: max-age=2', 'etag: "a"'] });
  origin.ask();
  await origin.clock.advance(3_000);
  origin.reply = undefined;
  const reader = origin.ask();
  origin.cache.forget('shop.test', '/things/1');
  origin.arrived[1]?.answer.begin(304, ['etag', '"a"', 'cache-control', 'max-age=99'], 0);
  origin.arrived[1]?.answer.end();
  assert.equal(reader.body, 'hello');
  assert.equal(origin.cache.store.size.answers, 0);
});
