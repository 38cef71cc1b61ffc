import assert from 'node:assert/strict';
import { test } from 'node:test';
import { staticInstance, staticInstances } from './static-instances.ts';
import { instanceListContract, testInstance } from './testing/instance-list-contract.ts';

instanceListContract('staticInstances', async () => {
  const list = staticInstances();
  return { list, put: async (service, instances) => list.set(service, instances), close: async () => {} };
});

test('the initial instances are listed under their services', () => {
  const list = staticInstances({ a: [testInstance('a', '1'), testInstance('a', '3')], b: [] });
  assert.equal(list.instances('a').length, 2);
});

test('setting the same instances again rings nobody', () => {
  const a = testInstance('a', '1');
  const list = staticInstances({ a: [a] });
  list.onChange(undefined, () => assert.fail('rang'));
  list.set('a', [a]);
});

test('a URL becomes an instance, with the scheme’s own port where it names none', () => {
  assert.equal(staticInstance('a', 'http://10.0.0.7:7001').id, 'a:10.0.0.7:7001');
  assert.equal(staticInstance('a', 'https://shop.example').port, 443);
});
