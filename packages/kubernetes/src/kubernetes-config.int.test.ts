import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { loadConfig } from '@dure/config/client';
import { codeOf, messageOf, systemClock, systemRandom } from '@dure/core';
import { z } from 'zod';
import { kubernetesConfig } from './kubernetes-config.ts';

const at = { service: 'order', clock: systemClock, random: systemRandom };

test('each service of a system reads the objects that are named after it', async (context) => {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.end(JSON.stringify({ data: { 'max-lines': url.includes('/order') ? '7' : '3' } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const access = { url, token: async () => 'pod' };
  const resource = kubernetesConfig({ configMaps: ['shop', '{service}-settings'], namespace: 'shop', access });
  const { source, hints } = await resource.open(at);
  assert.ok(hints !== undefined, 'a change is told of');
  const schema = z.object({ maxLines: z.coerce.number() });
  const { value } = await loadConfig({ schema, service: 'order', profiles: [], sources: [source] });
  assert.deepEqual({ ...value }, { maxLines: 7 });
  assert.deepEqual(asked.sort(), [
    '/api/v1/namespaces/shop/configmaps/order-settings',
    '/api/v1/namespaces/shop/configmaps/shop',
  ]);
});

test('objects that cannot exist are refused at once, a service outside a pod when it starts', async () => {
  const refused = (options: Parameters<typeof kubernetesConfig>[0], expected: RegExp) =>
    assert.throws(
      () => kubernetesConfig(options),
      (error) => codeOf(error) === 'KUBERNETES_CONFIG_INVALID' && expected.test(messageOf(error)),
    );
  refused({}, /names neither `configMaps` nor `secrets`; name an object/);
  refused({ configMaps: ['shop'], secrets: ['Order_Keys'] }, /the object "Order_Keys"; expected lower-case letters/);
  refused({ configMaps: ['{name}'] }, /the object "\{name\}"; .*`\{service\}` where the service's name belongs/);
  await assert.rejects(kubernetesConfig({ secrets: ['{service}'] }).open(at), { code: 'KUBERNETES_NOT_IN_CLUSTER' });
});
