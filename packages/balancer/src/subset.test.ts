import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import type { Instance } from './instance-list.port.ts';
import { staticInstances } from './static-instances.ts';
import { subsetOf } from './subset.ts';
import { instanceListContract } from './testing/instance-list-contract.ts';
import { testFleet } from './testing/open-balancer.ts';

instanceListContract('subsetOf', async () => {
  const whole = staticInstances();
  return {
    list: subsetOf(whole, { size: 10, zone: 'a' }),
    put: async (service, instances) => whole.set(service, instances),
    close: async () => {},
  };
});

const idsOf = (instances: readonly Instance[]) => instances.map(({ id }) => id);

test('a caller sees its version, or all when there is none of it', () => {
  const whole = staticInstances({ stock: testFleet(4, (index) => ({ metadata: { version: index < 3 ? '1' : '2' } })) });
  assert.deepEqual(idsOf(subsetOf(whole, { version: '2' }).instances('stock')), ['stock:3']);
  assert.equal(subsetOf(whole, { version: '3' }).instances('stock').length, 4);
});

test('a caller sees its own zone when enough are there, else all; with a size, its zone first and others up to it', () => {
  const whole = staticInstances({
    stock: testFleet(9, (index) => ({ zone: index < 3 ? 'a' : index < 4 ? 'b' : 'c' })),
  });
  assert.deepEqual(idsOf(subsetOf(whole, { zone: 'a' }).instances('stock')), ['stock:0', 'stock:1', 'stock:2']);
  assert.equal(subsetOf(whole, { zone: 'b' }).instances('stock').length, 9);
  assert.equal(subsetOf(whole, { zone: 'b', leastInZone: 1 }).instances('stock').length, 1);
  const five = subsetOf(whole, { zone: 'a', size: 5 }).instances('stock');
  assert.equal(five.length, 5);
  assert.equal(five.filter(({ zone }) => zone === 'a').length, 3);
  assert.equal(
    subsetOf(whole, { zone: 'a', size: 2 })
      .instances('stock')
      .filter(({ zone }) => zone === 'a').length,
    2,
  );
});

test('callers together use all instances about alike, and a change moves no more than it must', () => {
  const fleet = testFleet(30);
  const uses = new Map<string, number>();
  for (let caller = 0; caller < 300; caller += 1) {
    const whole = staticInstances({ stock: fleet });
    const part = subsetOf(whole, { size: 10, seed: `caller ${caller}` });
    const before = idsOf(part.instances('stock'));
    for (const id of before) uses.set(id, (uses.get(id) ?? 0) + 1);
    whole.set('stock', fleet.slice(1));
    const after = idsOf(part.instances('stock'));
    assert.equal(after.filter((id) => !before.includes(id)).length, before.includes('stock:0') ? 1 : 0);
  }
  for (const [id, count] of uses) assert.ok(count >= 65 && count <= 140, `${id} is used by ${count} of 300`);
  assert.equal(uses.size, 30);
});

test('a change elsewhere in the list leaves the part the same array', () => {
  const fleet = testFleet(4, (index) => ({ metadata: { version: String(index % 2) } }));
  const whole = staticInstances({ stock: fleet });
  const list = subsetOf(whole, { version: '0' });
  const before = list.instances('stock');
  whole.set('stock', fleet.slice(0, 3));
  assert.equal(list.instances('stock'), before);
});

test('impossible sizes are refused', () => {
  for (const wrong of [{ size: 0 }, { size: 1.5 }, { leastInZone: 0 }])
    assert.throws(
      () => subsetOf(staticInstances(), wrong),
      (error) => codeOf(error) === 'BALANCER_OPTION_INVALID',
    );
});
