import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { codeOf } from '@dure/core';
import { z } from 'zod';
import type { Property } from '../properties/property.ts';
import type { ConfigLayer, ConfigSource } from './config-source.ts';
import { environmentSource } from './environment-source.ts';
import { loadConfig } from './load-config.ts';
import { secret } from './secret.ts';

const schema = z.object({
  maxLines: z.int().min(1).default(50),
  currency: z.enum(['KRW', 'EUR']).default('KRW'),
  express: z.boolean().default(false),
  apiKey: secret(z.string().min(8)).optional(),
  payment: z
    .object({ timeoutMs: z.int().default(2_000), url: z.string().optional(), password: secret(z.string()).optional() })
    .prefault({}),
  hosts: z.array(z.string()).default([]),
  weights: z.record(z.string(), z.number()).default({}),
  steps: z.array(z.object({ name: z.string(), retries: z.int().default(0) })).default([]),
});

/** A layer as the server sends it: flat keys, each with its place. */
function layer(name: string, source: string, flat: Record<string, string | number | boolean>): ConfigSource {
  const values = new Map<string, Property>(
    Object.entries(flat).map(([key, value], index) => [key, { value, place: `${source}:${index + 1}:1` }]),
  );
  const isShared = source.startsWith('application');
  const made: ConfigLayer = { layer: name, source, values, isShared, isJoined: false };
  return { load: async () => ({ layers: [made], warnings: [] }) };
}

const load = (...sources: ConfigSource[]) => loadConfig({ schema, service: 'order', profiles: [], sources });

async function refusal(...sources: ConfigSource[]): Promise<string> {
  try {
    await load(...sources);
  } catch (error) {
    assert.equal(codeOf(error), 'CONFIG_INVALID');
    return (error as Error).message;
  }
  return assert.fail('was accepted');
}

test('without any layer the defaults of the schema hold', async () => {
  const { value, layers } = await load();
  assert.equal(value.maxLines, 50);
  assert.equal(value.payment.timeoutMs, 2_000);
  assert.deepEqual(layers, ['default']);
});

test('default < file < server < environment, and what was read is listed in that order', async () => {
  const file = layer('file', 'order.yml', { 'max-lines': 1, currency: 'EUR', express: true });
  const server = layer('server', 'order-dev.yml', { 'max-lines': 2, currency: 'KRW' });
  const { value, layers } = await load(file, server, environmentSource({ DURE_ORDER__MAX_LINES: '3' }));
  assert.deepEqual([value.maxLines, value.currency, value.express], [3, 'KRW', true]);
  assert.deepEqual(layers, ['default', 'file order.yml', 'server order-dev.yml', 'environment']);
});

test('maxLines, max-lines, max_lines and MAXLINES are one key', async () => {
  for (const key of ['maxLines', 'max-lines', 'max_lines', 'MAXLINES', 'Max-Lines']) {
    assert.equal((await load(layer('file', 'order.yml', { [key]: 7 }))).value.maxLines, 7);
  }
});

test('text becomes a number or a boolean where the schema wants one', async () => {
  const { value } = await load(
    layer('file', 'order.properties', { maxLines: '7', express: 'on', 'weights.a-b': '0.5' }),
  );
  assert.deepEqual([value.maxLines, value.express, value.weights], [7, true, { 'a-b': 0.5 }]);
});

test('a list is taken whole from the highest layer that has any of it', async () => {
  const low = layer('file', 'order.yml', {
    'hosts[0]': 'a',
    'hosts[1]': 'b',
    'steps[0].name': 'x',
    'steps[0].retries': 3,
  });
  const high = layer('server', 'order.yml', { 'hosts[0]': 'c', 'steps[0].name': 'y' });
  const { value } = await load(low, high);
  assert.deepEqual(value.hosts, ['c']);
  assert.deepEqual(value.steps, [{ name: 'y', retries: 0 }]);
});

test('a list may be one text with commas, and an empty list empties it', async () => {
  const low = layer('file', 'order.yml', { hosts: 'a, b' });
  assert.deepEqual((await load(low)).value.hosts, ['a', 'b']);
  assert.deepEqual((await load(low, layer('server', 'order.yml', { hosts: '' }))).value.hosts, []);
});

test('environment variables reach nested keys, lists and maps', async () => {
  const { value } = await load(
    environmentSource({
      DURE_ORDER__PAYMENT_TIMEOUT_MS: '9',
      DURE_ORDER__HOSTS_0: 'a',
      DURE_ORDER__HOSTS_1: 'b',
      DURE_ORDER__WEIGHTS_FAST: '2',
      DURE_ORDER_ADMIN__NONSENSE: 'not ours',
      PATH: '/bin',
    }),
  );
  assert.equal(value.payment.timeoutMs, 9);
  assert.deepEqual(value.hosts, ['a', 'b']);
  assert.deepEqual(value.weights, { fast: 2 });
});

test('an unknown key names the nearest known one, its place and its layer', async () => {
  assert.match(
    await refusal(layer('server', 'order-dev.yml', { 'max-linse': 3 })),
    /"order" has a problem:\n {2}max-linse \(server, order-dev\.yml:1:1\): unknown key; did you mean maxLines\?/,
  );
  assert.match(
    await refusal(layer('file', 'order.yml', { 'payment.timeout': 3 })),
    /payment\.timeout \(file, order\.yml:1:1\): unknown key; did you mean payment\.timeoutMs\?/,
  );
  assert.match(
    await refusal(environmentSource({ DURE_ORDER__MAX_LINSE: '3' })),
    /MAX_LINSE \(environment, DURE_ORDER__MAX_LINSE\): unknown key; did you mean maxLines\?/,
  );
  assert.match(await refusal(layer('file', 'order.yml', { zzzzzz: 3 })), /unknown key; known are maxLines, currency,/);
});

test('a key of another service in application.yml is nobody’s mistake, nor are keys that belong to Spring', async () => {
  const { value } = await load(
    layer('server', 'application.yml', { 'price.vat': 10, 'max-lines': 4 }),
    layer('server', 'order.yml', { 'spring.config.activate.on-profile': 'dev' }),
  );
  assert.equal(value.maxLines, 4);
});

test('a wrong value names its key, layer, place and what was expected', async () => {
  const text = await refusal(
    layer('file', 'order.yml', { 'max-lines': 'many', currency: 'USD' }),
    environmentSource({ DURE_ORDER__PAYMENT_TIMEOUT_MS: '1.5' }),
  );
  assert.match(text, /has 3 problems:/);
  assert.match(text, /maxLines = "many" \(file, order\.yml:1:1\): .*expected number/);
  assert.match(text, /currency = "USD" \(file, order\.yml:2:1\): .*"KRW"\|"EUR"/);
  assert.match(text, /payment\.timeoutMs = 1\.5 \(environment, DURE_ORDER__PAYMENT_TIMEOUT_MS\): .*expected int/);
});

test('a number where text is wanted is refused with the advice to quote it', async () => {
  assert.match(
    await refusal(layer('file', 'order.yml', { 'payment.url': 1.1 })),
    /payment\.url = 1\.1 .*expected string.*; write it in quotes/,
  );
});

test('a missing value names where to set it', async () => {
  const needs = z.object({ payment: z.object({ apiUrl: z.string() }) });
  await assert.rejects(
    loadConfig({ schema: needs, service: 'order', profiles: [], sources: [valuesOf({ 'payment.apiUrl2': 'x' })] }),
    (error: Error) => {
      assert.match(error.message, /payment.*: missing; set it in order\.yml or by DURE_ORDER__PAYMENT/);
      assert.match(error.message, /did you mean payment\.apiUrl\?/);
      return true;
    },
  );
});

const valuesOf = (flat: Record<string, string>) => layer('file', 'order.yml', flat);

test('a value that is still encrypted is refused, not used as a password', async () => {
  assert.match(
    await refusal(layer('server', 'order.yml', { 'api-key': '{cipher}0123456789' })),
    /apiKey \(server, order\.yml:1:1\): still encrypted/,
  );
});

test('a secret shows nowhere but where it is read by its name', async () => {
  const values = { 'api-key': 'hunter2-hunter2', 'payment.password': 'hunter2-too' };
  const { value, explain } = await load(layer('server', 'order.yml', values));
  assert.equal(value.apiKey, 'hunter2-hunter2');
  assert.equal(value.payment.password, 'hunter2-too');
  const printed = [JSON.stringify(value), inspect(value), inspect({ value }, { depth: 9 }), JSON.stringify(explain())];
  for (const text of printed) {
    assert.doesNotMatch(text, /hunter2/);
    assert.match(text, /\*\*\*/);
  }
  const wrong = await refusal(layer('server', 'order.yml', { 'api-key': 'short' }));
  assert.match(wrong, /apiKey = "?\*\*\*"? \(server, order\.yml:1:1\)/);
  assert.doesNotMatch(wrong, /short/);
});

test('explain lists every key with its layer and what it overrode', async () => {
  const { explain } = await load(
    layer('file', 'order.yml', { 'max-lines': 1 }),
    layer('server', 'order.yml', { 'max-lines': 2 }),
    environmentSource({ DURE_ORDER__MAX_LINES: '3' }),
  );
  assert.deepEqual(
    explain().find(({ key }) => key === 'maxLines'),
    {
      key: 'maxLines',
      value: 3,
      layer: 'environment',
      place: 'DURE_ORDER__MAX_LINES',
      overrides: [
        { value: 2, layer: 'server', place: 'order.yml:1:1' },
        { value: 1, layer: 'file', place: 'order.yml:1:1' },
        { value: 50, layer: 'default', place: 'schema' },
      ],
      type: 'integer',
    },
  );
  assert.deepEqual(explain().find(({ key }) => key === 'currency')?.layer, 'default');
});

test('explain says what the schema takes, and its words', async () => {
  const described = z.object({ rate: z.number().default(1).describe('share of a price'), key: secret(z.string()) });
  const sources = [layer('file', 'order.yml', { key: 'hidden' })];
  const { explain } = await loadConfig({ schema: described, service: 'order', profiles: [], sources });
  assert.deepEqual(
    explain().map(({ key, value, type, description }) => [key, value, type, description]),
    [
      ['key', '***', 'string (secret)', undefined],
      ['rate', 1, 'number', 'share of a price'],
    ],
  );
});

test('the configuration is frozen all the way down', async () => {
  const { value } = await load(layer('file', 'order.yml', { 'steps[0].name': 'x' }));
  for (const part of [value, value.payment, value.hosts, value.steps[0]]) assert.ok(Object.isFrozen(part));
});

test('keys that every object has do no harm', async () => {
  const hostile = { 'weights.__proto__': 1, 'weights.constructor': 2, '__proto__.maxLines': 3 };
  assert.match(await refusal(layer('file', 'order.yml', hostile)), /__proto__\.maxLines .*unknown key/);
  const { value } = await load(layer('file', 'order.yml', { 'weights.constructor': 2 }));
  assert.deepEqual(Object.keys(value.weights), ['constructor']);
  assert.equal(({} as Record<string, unknown>).maxLines, undefined);
});
