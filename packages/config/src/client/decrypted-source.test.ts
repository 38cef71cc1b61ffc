import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { SectionSource } from '@dure/core';
import { codeOf, messageOf, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { z } from 'zod';
import { keyring } from '../cipher/keyring.ts';
import { newKey } from '../cipher/new-key.ts';
import type { ConfigSource } from './config-source.ts';
import { decryptedSource } from './decrypted-source.ts';
import { environmentSource } from './environment-source.ts';
import { loadConfig } from './load-config.ts';
import { serverSource } from './server-source.ts';
import { valuesSource } from './values-source.ts';
import { watchConfig } from './watch-config.ts';

const ring = keyring({ current: '1', keys: { 1: newKey() } });
const source = async () => ring;
const base = { service: 'order', profiles: [] } as const;
const schema = z.object({
  dbPassword: z.string().min(3),
  lines: z.int().default(1),
  hosts: z.array(z.string()).default([]),
  nested: z.object({ token: z.string() }).optional(),
});
const canary = 'canary-5f2a';

test('what was encrypted is read as what it is, and shown nowhere, though no schema calls it secret', async () => {
  const values = {
    'db-password': ring.encryptValue(canary),
    lines: ring.encryptValue('20'),
    hosts: ring.encryptValue('a, b'),
    nested: { token: ring.encryptValue(canary) },
  };
  const sources = [decryptedSource(valuesSource('file', values), source)];
  const { value, explain } = await loadConfig({ ...base, schema, sources });
  assert.deepEqual([value.dbPassword, value.lines, value.hosts], [canary, 20, ['a', 'b']]);
  assert.equal(value.nested?.token, canary);
  const shown = [JSON.stringify(value), inspect(value, { depth: 9 }), JSON.stringify(explain())];
  for (const text of shown) assert.doesNotMatch(text, /canary|20|"a"/);
  assert.equal(explain().find(({ key }) => key === 'dbPassword')?.value, '***');
});

test('the environment’s are decrypted too; a value that the schema refuses is not shown', async () => {
  const variables = { DURE_ORDER__DB_PASSWORD: ring.encryptValue('ca') };
  const sources = [decryptedSource(environmentSource(variables), source)];
  await assert.rejects(loadConfig({ ...base, schema, sources }), (error) => {
    assert.match(messageOf(error), /dbPassword = \*\*\* \(environment, DURE_ORDER__DB_PASSWORD\)/);
    return true;
  });
});

const refusals = [
  { name: 'without a keyring', keys: async () => undefined, says: /still encrypted; there is no keyring/ },
  {
    name: 'without the key',
    keys: async () => keyring({ current: '2', unnamed: '2', keys: { 2: newKey() } }),
    says: /still encrypted; there is no key for values of the key "1"; the keyring has 2/,
  },
];
for (const { name, keys, says } of refusals) {
  test(`${name} the error names key and place, and the value stays unseen`, async () => {
    const value = ring.encryptValue(canary).replace('{cipher}', '{cipher}{key:1}');
    const sources = [decryptedSource(valuesSource('file', { 'db-password': value }), keys)];
    await assert.rejects(loadConfig({ ...base, schema, sources }), (error) => {
      assert.equal(codeOf(error), 'CONFIG_INVALID');
      assert.match(messageOf(error), /dbPassword \(file, file\): still encrypted/);
      assert.match(messageOf(error), says);
      assert.doesNotMatch(`${messageOf(error)}${JSON.stringify(error)}`, new RegExp(value.slice(20)));
      return true;
    });
  });
}

test('an encrypted value that is overridden, or that nobody wants, needs no key', async () => {
  const encrypted = { 'db-password': '{cipher}00', 'spring.other': '{cipher}00' };
  const layers = [{ ...encrypted }, { 'db-password': 'plain' }].map((values) => valuesSource('file', values));
  const sources = layers.map((one) => decryptedSource(one, async () => undefined));
  const { value } = await loadConfig({ ...base, schema, sources });
  assert.equal(value.dbPassword, 'plain');
});

test('a value that looks encrypted after it was decrypted is taken as it is', async () => {
  const sources = [decryptedSource(valuesSource('file', { 'db-password': ring.encryptValue('{cipher}00') }), source)];
  assert.equal((await loadConfig({ ...base, schema, sources })).value.dbPassword, '{cipher}00');
});

test('the same text encrypted anew is no change; another one is, and neither is shown', async () => {
  const values = { 'db-password': ring.encryptValue(canary) };
  const changing = {
    load: (...given: Parameters<ReturnType<typeof valuesSource>['load']>) =>
      valuesSource('file', values).load(...given),
  };
  const tools = { clock: fakeClock(), random: seededRandom(1) };
  const sources = [decryptedSource(changing, source)];
  await using watch = await watchConfig({ ...base, sections: { own: { schema } }, sources, ...tools });
  const seen: unknown[] = [];
  watch.onChange(({ keys }) => seen.push(...keys));
  values['db-password'] = ring.encryptValue(canary);
  assert.deepEqual(await watch.refresh(), []);
  values['db-password'] = ring.encryptValue('another');
  assert.deepEqual(await watch.refresh(), ['dbPassword']);
  assert.deepEqual(seen, [{ key: 'dbPassword', before: '***', after: '***' }]);
});

/** An answer of a config server. */
const answering = (source: Readonly<Record<string, unknown>>, more: object = {}) =>
  serverSource({
    url: 'http://config',
    signer: { authorize: async () => '' },
    clock: fakeClock(),
    random: seededRandom(1),
    transport: async () => {
      const text = JSON.stringify({ name: 'order', propertySources: [{ name: 'order.yml', source }], ...more });
      return { status: 200, text, stale: undefined };
    },
  });

test('what the server says it decrypted is secret here as well', async () => {
  const sources = [answering({ 'db-password': canary, lines: 7 }, { secrets: ['db-password'] })];
  const { value, explain } = await loadConfig({ ...base, schema, sources });
  assert.equal(value.dbPassword, canary);
  assert.doesNotMatch(JSON.stringify([value, explain()]), /canary/);
  assert.equal(explain().find(({ key }) => key === 'lines')?.value, 7);
});

const ownKeys = { 'nothing of our own': undefined, 'a keyring': source, 'no keyring': async () => undefined };
for (const [own, keys] of Object.entries(ownKeys)) {
  test(`what a server could not decrypt, ours or Spring’s, is named by its key, with ${own}`, async () => {
    const answer = answering({ 'invalid.db-password': '<n/a>' });
    const sources = [keys === undefined ? answer : decryptedSource(answer, keys)];
    await assert.rejects(
      loadConfig({ ...base, schema, sources }),
      /dbPassword \(server, order\.yml\): still encrypted; the config server could not decrypt it/,
    );
  });
}

test('a section that reads its flat keys itself gets them in plain, and shows them as little', async () => {
  const values = { 'gateway.routes[0].token': ring.encryptValue(canary) };
  const changing: ConfigSource = { load: (...given) => valuesSource('file', values).load(...given) };
  const at = 'gateway.routes';
  const read = (sources: readonly SectionSource[]) => sources.map(({ properties }) => properties.get(`${at}[0].token`));
  const tools = { clock: fakeClock(), random: seededRandom(1) };
  const sources = [decryptedSource(changing, source)];
  await using watch = await watchConfig({ ...base, sections: { routes: { at, read } }, sources, ...tools });
  assert.equal(watch.current.values.routes[0]?.value, canary);
  assert.deepEqual(watch.current.explain()[0]?.value, '***');
  const seen: unknown[] = [];
  watch.onChange(({ keys }) => seen.push(...keys));
  values['gateway.routes[0].token'] = ring.encryptValue('another');
  await watch.refresh();
  assert.deepEqual(seen, [{ key: `${at}[0].token`, before: '***', after: '***' }]);
});
