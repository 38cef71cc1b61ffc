import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configView } from './config-view.ts';

const instance = (service: string, number: number) => ({
  id: `${service}:${number}`,
  service,
  host: '127.0.0.1',
  port: 1,
  managementPort: number,
  zone: undefined,
  metadata: {},
});
const key = { key: 'maxLines', value: 50, layer: 'file', place: 'order.yml:1:1', overrides: [] };
const reading = { layers: ['default', 'file order.yml'], keys: [key], warnings: [] };

/** A system whose instances answer what is written here, by `order:1 config`; all else fails. */
function system(answers: Readonly<Record<string, unknown>>) {
  const services: Readonly<Record<string, readonly number[]>> = { order: [1, 2], config: [1] };
  const asked: string[] = [];
  const view = configView(
    (service) => (services[service] ?? []).map((number) => instance(service, number)),
    async ({ id }, path) => {
      asked.push(`${id} ${path}`);
      const answer = answers[`${id} ${path}`];
      if (answer === undefined) throw new TypeError('away');
      return answer;
    },
  );
  return { view, asked };
}

test('the first instance that answers tells the keys, and what they would be under other profiles', async () => {
  const other = { ...reading, keys: [{ ...key, value: 10 }] };
  const { view, asked } = system({ 'order:2 config': reading, 'order:2 config/prod%2Ceu': other });
  const found = await view.of('order', 'prod,eu');
  assert.deepEqual(found, {
    service: 'order',
    instance: 'order:2',
    ...reading,
    against: { profiles: 'prod,eu', keys: other.keys },
  });
  assert.deepEqual(asked.sort(), [
    'order:1 config',
    'order:1 config/prod%2Ceu',
    'order:2 config',
    'order:2 config/prod%2Ceu',
  ]);
});

test('a configuration that does not fit under other profiles says why; a service that nobody answers for has no keys', async () => {
  const { view } = system({ 'order:1 config': reading, 'order:1 config/prod': { detail: 'maxLines = "x"' } });
  assert.deepEqual((await view.of('order', 'prod')).against, { profiles: 'prod', keys: [], problem: 'maxLines = "x"' });
  assert.deepEqual(await view.of('stock', undefined), { service: 'stock', keys: [], layers: [], warnings: [] });
});

test('what the config server gives out and who runs which version is one answer; nonsense is none', async () => {
  const row = { instance: 'order:1', application: 'order', profiles: ['dev'], version: 'v2', since: 5, follows: true };
  const targets = [{ target: 'order|dev|', versions: [{ version: 'v1', at: 1 }] }];
  const { view } = system({
    'config:1 rollout': { changes: [], targets },
    'config:1 rollout/instances': { instances: [row] },
  });
  assert.deepEqual(await view.changes(), { isKnown: true, changes: [], targets, instances: [row] });
  const nonsense = system({ 'config:1 rollout': { changes: 7 } });
  assert.deepEqual(await nonsense.view.changes(), { isKnown: true, changes: [], targets: [], instances: [] });
  assert.equal((await system({}).view.changes()).isKnown, false);
});
