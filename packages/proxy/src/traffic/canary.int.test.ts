import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { versionedInstances } from '../testing/versioned-instances.ts';
import type { CanaryOptions } from './canary.ts';
import { canary } from './canary.ts';

async function openCanary(options: Partial<CanaryOptions>) {
  return versionedInstances(['1', '2'], [canary({ stable: '1', canary: '2', ...options })]);
}

test('marked requests reach the canary, all others the stable version', async () => {
  await using edge = await openCanary({ header: { name: 'x-beta' }, cookie: { name: 'beta', value: 'yes' } });
  assert.equal(await edge.ask({}), '1');
  assert.equal(await edge.ask({ 'x-beta': 'anything' }), '2');
  assert.equal(await edge.ask({ cookie: 'a=1; beta=yes' }), '2');
  assert.equal(await edge.ask({ cookie: 'beta=no' }), '1');
});

test('a share of the users reaches the canary, always the same ones, and whoever is in stays in while it grows', async () => {
  const users = Array.from(
    { length: 400 },
    (_, index) =>
      `u${'abcdefghij'[index % 10]}${'abcdefghij'[Math.floor(index / 10) % 10]}${'abcdefghij'[Math.floor(index / 100)]}`,
  );
  const chosenAt = async (share: number) => {
    await using edge = await openCanary({ share });
    const chosen = new Set<string>();
    for (const user of users) if ((await edge.ask({ authorization: `Bearer ${user}` })) === '2') chosen.add(user);
    return chosen;
  };
  const few = await chosenAt(0.1);
  const again = await chosenAt(0.1);
  const more = await chosenAt(0.3);
  assert.deepEqual(again, few);
  assert.ok(few.size >= 22 && few.size <= 62, `${few.size} of 400 at 10 %`);
  assert.ok(more.size >= 85 && more.size <= 155, `${more.size} of 400 at 30 %`);
  for (const user of few) assert.ok(more.has(user), `${user} was in at 10 % and is out at 30 %`);
});

test('a browser without a user gets a cookie and stays where it is', async () => {
  await using edge = await openCanary({ share: 0.5 });
  const seen = new Set<string>();
  for (let browser = 0; browser < 20; browser += 1) {
    const first = await edge.answer({});
    const [cookie = ''] = (first.headers.get('set-cookie') ?? '').split(';');
    assert.match(cookie, /^dure_bucket=\d{1,4}$/);
    const version = await first.text();
    seen.add(version);
    for (let visit = 0; visit < 3; visit += 1) {
      const later = await edge.answer({ cookie });
      assert.equal(await later.text(), version);
      assert.equal(later.headers.get('set-cookie'), null);
    }
  }
  assert.deepEqual([...seen].sort(), ['1', '2']);
});

test('a share that is none is refused', () => {
  assert.throws(
    () => canary({ stable: '1', canary: '2', share: 5 }),
    (error) => codeOf(error) === 'GATEWAY_ROUTE_INVALID',
  );
});
