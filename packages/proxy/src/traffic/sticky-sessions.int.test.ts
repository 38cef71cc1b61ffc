import assert from 'node:assert/strict';
import { test } from 'node:test';
import { versionedInstances } from '../testing/versioned-instances.ts';
import { stickySessions } from './sticky-sessions.ts';

test('a browser stays at the instance that answered it first, and its cookie tells nothing of the inside', async () => {
  await using edge = await versionedInstances(['1', '2', '3'], [stickySessions()]);
  const first = await edge.answer({});
  const home = await first.text();
  const [cookie = ''] = (first.headers.get('set-cookie') ?? '').split(';');
  assert.match(cookie, /^dure_instance=[A-Za-z0-9_-]{16}$/);
  for (let visit = 0; visit < 20; visit += 1) {
    const later = await edge.answer({ cookie });
    assert.equal(await later.text(), home);
    assert.equal(later.headers.get('set-cookie'), null);
  }
  const others = new Set(await Promise.all(Array.from({ length: 30 }, () => edge.ask({}))));
  assert.equal(others.size, 3, 'without a cookie the instances share the load');
});

test('an instance that has gone is left for another one, which becomes the home', async () => {
  await using edge = await versionedInstances(['1', '2'], [stickySessions()]);
  const first = await edge.answer({});
  const home = await first.text();
  const [cookie = ''] = (first.headers.get('set-cookie') ?? '').split(';');
  edge.end(home);
  const moved = await edge.answer({ cookie });
  assert.equal(moved.status, 200);
  assert.notEqual(await moved.text(), home);
  const [next = ''] = (moved.headers.get('set-cookie') ?? '').split(';');
  assert.match(next, /^dure_instance=/);
  assert.notEqual(next, cookie);
});

test('a cookie that names no instance is replaced', async () => {
  await using edge = await versionedInstances(['1'], [stickySessions({ cookie: 'home' })]);
  const answer = await edge.answer({ cookie: 'home=nobody' });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('set-cookie') ?? '', /^home=[A-Za-z0-9_-]{16}; Path=\/; HttpOnly; SameSite=Lax$/);
});
