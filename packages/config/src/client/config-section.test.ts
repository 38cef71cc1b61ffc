// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders as Spring has them, not JavaScript’s
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadSection } from '@dure/core';
import { codeOf, DureError, messageOf, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { z } from 'zod';
import type { ConfigLayer, ConfigSource } from './config-source.ts';
import { watchConfig } from './watch-config.ts';

type Values = Readonly<Record<string, string | number | boolean>>;

const flags = {
  at: 'dure.flags',
  isShared: true,
  schema: z.object({ express: z.object({ value: z.boolean() }).optional() }),
};
const routes: ReadSection<readonly string[]> = {
  at: 'gateway.routes',
  read(sources) {
    const found = sources
      .flatMap(({ properties }) => [...properties])
      .filter(([key]) => key.startsWith('gateway.routes'));
    const bad = found.filter(([, { value }]) => value === 'bad').map(([key, { place }]) => `${place}: ${key} is bad`);
    if (bad.length > 0) throw new DureError('ROUTES_INVALID', 'invalid', bad.join('\n'));
    const target = sources.flatMap(({ properties }) => properties.get('target')?.value ?? []);
    return found.map(([key, { value }]) => `${key}=${String(value).replace('${target}', String(target[0]))}`);
  },
};

/** A file for all and a file of the service's own, both edited by the test. */
async function watching(shared: Values, own: Values = {}) {
  const files = { shared, own };
  const layer = (source: string, values: Values, isShared: boolean): ConfigLayer => {
    const properties = Object.entries(values).map(([key, value]) => [key, { value, place: `${source}:1` }] as const);
    return { layer: 'file', source, values: new Map(properties), isShared, isJoined: false };
  };
  const source: ConfigSource = {
    load: async () => ({
      layers: [layer('application.yml', files.shared, true), layer('order.yml', files.own, false)],
      warnings: [],
    }),
  };
  const sections = { own: { schema: z.object({ lines: z.int().default(5) }) }, flags, routes };
  const tools = { clock: fakeClock(), random: seededRandom(1) };
  const watch = await watchConfig({ sections, service: 'order', profiles: [], sources: [source], ...tools });
  const told: string[][] = [];
  watch.onChange((change) =>
    told.push([...change.sections, ...change.keys.map(({ key, after }) => `${key} ${after}`)]),
  );
  return { files, watch, told };
}

test('what a file for all says of names that others know is no mistake; of our names it is, and in our own file', async () => {
  const { files, watch } = await watching({ 'dure.flags.express.value': true, 'dure.flags.of-others.value': 5 });
  assert.deepEqual({ ...watch.current.values.flags }, { express: { value: true } });
  files.shared = { 'dure.flags.express.valeu': true };
  await assert.rejects(
    watch.refresh(),
    /valeu \(file, application\.yml:1\): unknown key; did you mean dure\.flags\.express\.value/,
  );
  files.shared = {};
  files.own = { 'dure.flags.expres.value': true };
  await assert.rejects(watch.refresh(), /unknown key; did you mean dure\.flags\.express\.value/);
});

test('a section of its own form reads flat keys with their places, and its mistakes refuse the whole', async () => {
  const { files, watch, told } = await watching({ 'gateway.routes[0].id': 'a' });
  assert.deepEqual(watch.current.values.routes, ['gateway.routes[0].id=a']);
  files.shared = { 'gateway.routes[0].id': 'bad', lines: 7 };
  await assert.rejects(watch.refresh(), (error) => {
    assert.equal(codeOf(error), 'CONFIG_INVALID');
    assert.match(messageOf(error), /application\.yml:1: gateway\.routes\[0\]\.id is bad/);
    return true;
  });
  assert.equal(watch.current.values.own.lines, 5);
  files.shared = { 'gateway.routes[0].id': 'b', lines: 7 };
  await watch.refresh();
  assert.deepEqual(told, [['own', 'routes', 'gateway.routes[0].id b', 'lines 7']]);
  const explained = watch.current.explain().find(({ key }) => key === 'gateway.routes[0].id');
  assert.deepEqual(explained, {
    key: 'gateway.routes[0].id',
    value: 'b',
    layer: 'file',
    place: 'application.yml:1',
    overrides: [],
  });
});

test('a placeholder makes all other keys count, and shows none of them', async () => {
  const { files, watch, told } = await watching({ 'gateway.routes[0].uri': '${target}', target: 'one' });
  assert.deepEqual(watch.current.values.routes, ['gateway.routes[0].uri=one']);
  files.shared = { 'gateway.routes[0].uri': '${target}', target: 'two' };
  await watch.refresh();
  assert.deepEqual(told, [['routes', 'target ***']]);
  assert.deepEqual(watch.current.values.routes, ['gateway.routes[0].uri=two']);
});

test('a key that lies at another section is no mistake at the top', async () => {
  const { watch } = await watching({}, { 'gateway.routes[0].id': 'a' });
  assert.equal(watch.current.values.own.lines, 5);
});
