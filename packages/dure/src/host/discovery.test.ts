import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { staticInstance, staticInstances } from '@dure/balancer';
import { codeOf } from '@dure/core';
import type { RegistryClient } from '@dure/registry/client';
import { memoryRegistrar } from '@dure/service/testing';
import { discovery } from './discovery.ts';
import { fetchJwks } from './transport.ts';

const registration = {
  service: 'stock',
  instanceId: 'stock:1',
  host: '127.0.0.1',
  port: 1,
  managementPort: 2,
  metadata: {},
};

function clientOver(list: ReturnType<typeof staticInstances>) {
  const registrar = memoryRegistrar();
  return {
    ...list,
    ...registrar,
    listed: Promise.resolve(),
    close: async () => undefined,
  } as unknown as RegistryClient;
}

test('before the registry is connected nobody is known and nobody can register; listeners are kept', async () => {
  const found = discovery();
  let rings = 0;
  const stop = found.onChange('stock', () => {
    rings += 1;
  });
  assert.deepEqual(found.instances('stock'), []);
  assert.throws(
    () => void found.register(registration),
    (error) => codeOf(error) === 'DURE_HOST_FAILED',
  );
  const list = staticInstances();
  found.connect(clientOver(list));
  list.set('stock', [staticInstance('stock', 'http://127.0.0.1:1')]);
  assert.deepEqual([rings, found.instances('stock').length], [1, 1]);
  stop();
  list.set('stock', []);
  assert.equal(rings, 1);
});

test('keys come from the first instance that answers; when none does, the error says why for each', async () => {
  const server = createServer((_request, response) => void response.end('{"keys":[]}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const dead = staticInstance('user', 'http://127.0.0.1:1');
  assert.deepEqual(
    await fetchJwks('user', staticInstances({ user: [dead, staticInstance('user', `http://127.0.0.1:${port}`)] })),
    { keys: [] },
  );
  server.close();
  await assert.rejects(
    fetchJwks('user', staticInstances({ user: [dead] })),
    (error) => codeOf(error) === 'DURE_KEYS_UNAVAILABLE' && /127\.0\.0\.1:1/.test(String(error)),
  );
  await assert.rejects(
    fetchJwks('user', staticInstances()),
    (error) => codeOf(error) === 'DURE_KEYS_UNAVAILABLE' && /no instance/.test(String(error)),
  );
});
