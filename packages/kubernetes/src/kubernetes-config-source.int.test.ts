import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { loadConfig, watchConfig } from '@dure/config/client';
import { codeOf, systemClock, systemRandom } from '@dure/core';
import { z } from 'zod';
import { kubernetesConfigSource } from './kubernetes-config-source.ts';
import { kubernetesApi } from './transport.ts';

const schema = z.object({
  maxLines: z.number().default(1),
  currency: z.string().default('KRW'),
  apiKey: z.string().optional(),
  payment: z.object({ url: z.string().optional() }).prefault({}),
});
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** An API server with these objects, by `configmaps/order`; a text is answered as it is. */
async function apiServer(context: TestContext, objects: Record<string, unknown>) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    const found = objects[request.url?.replace('/api/v1/namespaces/shop/', '') ?? ''];
    if (found === undefined)
      return response.writeHead(404).end('{"kind":"Status","message":"it is not found","code":404}');
    return response.end(typeof found === 'string' ? found : JSON.stringify(found));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const api = kubernetesApi({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: async () => 'pod',
  });
  const source = (configMaps: readonly string[], secrets: readonly string[] = []) =>
    kubernetesConfigSource({ api, namespace: 'shop', configMaps, secrets, clock: systemClock });
  return { objects, asked, source };
}

test('files of ConfigMaps have Spring’s precedence, single keys come before them, Secrets before all, and are masked', async (context) => {
  const { asked, source } = await apiServer(context, {
    'configmaps/shop': { data: { 'application.yml': 'max-lines: 5\ncurrency: EUR\nunknown: 1\n' } },
    'configmaps/order': {
      data: {
        'order.yml': 'max-lines: 6\npayment:\n  url: http://a\n',
        'order-prod.properties': 'max-lines=7\n',
        'order-test.yml': 'max-lines: 99\n',
        'payment.url': 'http://b',
      },
    },
    'secrets/order': { data: { 'api-key': base64('canary-7') } },
  });
  const sources = [source(['shop', 'order'], ['order'])];
  const { value, layers, explain } = await loadConfig({ schema, service: 'order', profiles: ['prod'], sources });
  assert.deepEqual({ ...value }, { maxLines: 7, currency: 'EUR', apiKey: 'canary-7', payment: { url: 'http://b' } });
  assert.deepEqual(layers.slice(1), [
    'configmap configmap shop/shop/application.yml',
    'configmap configmap shop/order/order.yml',
    'configmap configmap shop/order/order-prod.properties',
    'configmap configmap shop/order',
    'secret secret shop/order',
  ]);
  assert.doesNotMatch(JSON.stringify(explain()), /canary/);
  assert.equal(
    explain().find(({ key }) => key === 'maxLines')?.place,
    'configmap shop/order/order-prod.properties:1:1',
  );
  assert.ok(asked.every(({ headers }) => headers.authorization === 'Bearer pod'));
});

test('what is not there is a warning; what is broken changes nothing, and is told with its place', async (context) => {
  const { objects, source } = await apiServer(context, {
    'configmaps/order': { data: { 'order.yml': 'max-lines: 6\n' } },
  });
  await using watch = await watchConfig({
    sections: { own: { schema } },
    service: 'order',
    profiles: [],
    sources: [source(['order', 'missing'])],
    clock: systemClock,
    random: systemRandom,
  });
  assert.deepEqual(watch.current.warnings, ['there is no configmap shop/missing']);
  objects['configmaps/order'] = { data: { 'order.yml': 'max-lines: 8\n' } };
  assert.deepEqual(await watch.refresh(), ['maxLines']);
  objects['configmaps/order'] = { data: { 'order.yml': 'max-lines: [\n' } };
  await assert.rejects(watch.refresh(), (error: Error) => {
    assert.equal(codeOf(error), 'CONFIG_FILE_INVALID');
    return /configmap shop\/order\/order\.yml:\d+:\d+/.test(error.message);
  });
  objects['configmaps/order'] = '<html>';
  await assert.rejects(watch.refresh(), { code: 'KUBERNETES_ANSWER_INVALID' });
  assert.equal(watch.current.values.own.maxLines, 8);
});
